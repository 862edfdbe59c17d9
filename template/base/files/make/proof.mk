MODEL ?= champion

.PHONY: prove score why reproduce

prove: ## Inject faults into a scratch copy of the pipeline: every gate must turn red
	@uv run --no-sync python -m project_package.proof.prove

score: $(READY) ## Answer the 28 tests of the ML Test Score: reports/score.html
	@uv run --no-sync python -m project_package.proof.score

why: ## Show where MODEL (champion, challenger or a version) came from
	@uv run --no-sync python -m project_package.proof.why $(MODEL)

reproduce: ## Train MODEL again from its commit and data, and compare
	@uv run --no-sync python -m project_package.proof.reproduce $(MODEL)
