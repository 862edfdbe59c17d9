##@ Monitoring
.PHONY: monitor monitor-serve monitoring-check monitoring-tools image-monitor

monitor: $(READY) ## Compare the last day of predictions with training: reports/monitoring/report.html
	python -m project_package.monitoring report

monitor-serve: $(READY) ## The same every ten minutes, with metrics for Prometheus on port 9109
	python -m project_package.monitoring serve

monitoring-check: $(READY) ## Check and unit-test alert rules, alert routes and dashboards
	pytest -q tests/monitoring
	@for tool in promtool amtool; do command -v $$tool >/dev/null || \
	  { echo "$$tool is missing: make monitoring-tools, or brew install prometheus alertmanager" >&2; exit 1; }; done
	promtool check config monitoring/prometheus/prometheus.yml
	promtool test rules monitoring/prometheus/tests/*.yml
	amtool check-config monitoring/alertmanager/alertmanager.yml

# Takes them out of the packages: that needs no rights, and starts no server.
monitoring-tools: $(READY) ## Put promtool and amtool into .venv, on Debian and Ubuntu
	@if ! command -v promtool >/dev/null || ! command -v amtool >/dev/null; then \
	  set -e; cd "$$(mktemp -d)"; mkdir -p lists/partial archives/partial; \
	  apt="apt-get -qq -o Dir::State::Lists=$$PWD/lists -o Dir::Cache=$$PWD"; \
	  $$apt update; $$apt download prometheus prometheus-alertmanager; \
	  for package in *.deb; do dpkg-deb --extract "$$package" .; done; \
	  cp usr/bin/promtool usr/bin/amtool '$(CURDIR)/.venv/bin'; fi

image-monitor: $(READY) ## Build the monitor's image
	$(or $(DOCKER),docker) build --file monitoring/Dockerfile --tag '$(or $(IMAGE),project-name)-monitor' .
