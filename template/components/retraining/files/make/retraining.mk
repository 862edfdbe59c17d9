##@ Retraining
.PHONY: retrain challenger conclude

retrain: $(READY) ## Train again where there is a reason to; WHY="…" trains in any case
	python -m project_package.retraining run $(if $(WHY),--why "$(WHY)")

challenger: $(READY) ## Fetch the registry's challenger to models/challenger
	python -m project_package.retraining challenger

conclude: $(READY) ## Promote or refuse the canary, once enough outcomes of its answers are known
	python -m project_package.retraining conclude
