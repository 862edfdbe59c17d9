COMPOSE ?= docker compose

##@ Stack
.PHONY: up down stack-logs

up: models/champion/model.json ## Start service, MLflow, Prometheus, Alertmanager, Grafana
	mkdir -p data/labels
	$(COMPOSE) up --build --detach --wait

down: ## Stop the stack; its volumes stay
	$(COMPOSE) down

stack-logs: ## Follow what the stack says
	$(COMPOSE) logs --follow --tail 50
