# What a change does to the model: metrics, parameters and plots against another revision.

BASE ?= origin/main

.PHONY: report

report: $(READY) ## Compare this model's metrics and plots with those of BASE
	python -m project_package.report '$(BASE)' reports/change.md
