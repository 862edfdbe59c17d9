.PHONY: monitor monitor-serve monitoring-check

monitor: ## Compare the last day of predictions with training: reports/monitoring/report.html
	uv run python -m project_package.monitoring report

monitor-serve: ## The same every ten minutes, with metrics for Prometheus on port 9109
	uv run python -m project_package.monitoring serve

monitoring-check: ## Check and unit-test alert rules, alert routes and dashboards
	uv run pytest -q tests/monitoring
	@if command -v promtool >/dev/null; then \
	  promtool check config monitoring/prometheus/prometheus.yml && \
	  promtool test rules monitoring/prometheus/tests/*.yml; \
	else echo "promtool is not installed: alert rules were not unit-tested"; fi
	@if command -v amtool >/dev/null; then \
	  amtool check-config monitoring/alertmanager/alertmanager.yml; \
	else echo "amtool is not installed: alert routes were not checked"; fi
