MODEL ?= champion
VERSIONS ?= newest
AT_LEAST ?= 0

##@ Proof
.PHONY: prove score why reproduce freshness

prove: $(READY) ## Inject faults into a scratch copy of the pipeline: every gate must turn red
	python -m project_package.proof.prove

score: $(READY) ## Answer the 28 tests of the ML Test Score; with AT_LEAST, fail below it
	python -m project_package.proof.score --at-least $(AT_LEAST)

why: $(READY) ## Show where MODEL (champion, challenger or a version) came from
	python -m project_package.proof.why $(MODEL)

reproduce: $(READY) ## Train MODEL again from its commit and data, and compare
	python -m project_package.proof.reproduce $(MODEL)

freshness: $(READY) ## Train, serve and run TESTS with VERSIONS: newest, oldest or locked
	python -m project_package.proof.freshness --uv '$(UV)' $(VERSIONS) $(TESTS)
