# Does the service that was deployed answer? Without SERVICE_URL there is none to ask.

.PHONY: smoke

smoke: ## Ask the service at SERVICE_URL for one prediction
	python3 src/project_package/smoke.py '$(SERVICE_URL)'
