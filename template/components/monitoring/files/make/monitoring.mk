##@ Monitoring
.PHONY: monitor monitor-serve monitoring-check image-monitor

monitor: $(READY) ## Compare the last day of predictions with training: reports/monitoring/report.html
	python -m project_package.monitoring report

monitor-serve: $(READY) ## The same every ten minutes, with metrics for Prometheus on port 9109
	python -m project_package.monitoring serve

monitoring-check: $(READY) ## Check and unit-test alert rules, alert routes and dashboards
	pytest -q tests/monitoring
	@if command -v promtool >/dev/null; then \
	  promtool check config monitoring/prometheus/prometheus.yml && \
	  promtool test rules monitoring/prometheus/tests/*.yml; \
	else echo "promtool is not installed: alert rules were not unit-tested"; fi
	@if command -v amtool >/dev/null; then \
	  amtool check-config monitoring/alertmanager/alertmanager.yml; \
	else echo "amtool is not installed: alert routes were not checked"; fi

image-monitor: $(READY) ## Build the monitor's image
	$(or $(DOCKER),docker) build --file monitoring/Dockerfile --tag '$(or $(IMAGE),project-name)-monitor' .
