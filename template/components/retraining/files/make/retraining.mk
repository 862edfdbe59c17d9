##@ Retraining
.PHONY: retrain rollback-tell

retrain: $(READY) ## Train again where there is a reason to; WHY="…" trains in any case
	python -m project_package.retraining run $(if $(WHY),--why "$(WHY)")

rollback-tell: $(READY) ## Roll the champion back and tell the channels of NOTIFY_*: WHY="…"
	python -m project_package.retraining rollback --why "$(WHY)"
