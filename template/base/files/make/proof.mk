MODEL ?= champion

.PHONY: prove why reproduce

prove: ## Inject faults into a scratch copy of the pipeline: every gate must turn red
	@uv run --no-sync python -m project_package.proof.prove

why: ## Show where MODEL (champion, challenger or a version) came from
	@uv run --no-sync python -m project_package.proof.why $(MODEL)

reproduce: ## Train MODEL again from its commit and data, and compare
	@uv run --no-sync python -m project_package.proof.reproduce $(MODEL)
