# Images: build, run, push with SBOM and provenance, and move the tag that an environment follows.

# Registries want lower case, and the name of a repository may have capitals.
override IMAGE := $(shell echo '$(or $(IMAGE),project-name)' | tr '[:upper:]' '[:lower:]')
DOCKER ?= docker
ENVIRONMENT ?= staging
REVISION = $(shell git rev-parse --short=12 HEAD)

##@ Images
.PHONY: image image-training image-run image-push

image: models/champion/model.json ## Build the service's image with the champion in it
	$(DOCKER) build --target service --tag '$(IMAGE)' .

image-training: ## Build the image that trains
	$(DOCKER) build --target training --tag '$(IMAGE)-training' .

image-run: image ## Run the service's image as production does: read-only, without rights
	$(DOCKER) run --rm --init --read-only --tmpfs /tmp --cap-drop ALL \
	  --security-opt no-new-privileges --volume /app/logs --publish 8000:8000 '$(IMAGE)'

# BuildKit attaches the SBOM and the provenance to what it pushes; build/ tells the jobs that follow what that was.
# The tag names commit and model, as one commit has a model each week. Nothing is trained here: without a champion no
# model passed the gate, and what runs goes on running.
image-push:: ## Build and push the service's image with SBOM and provenance
	rm -rf build
ifeq ($(wildcard models/champion/model.json),)
	@echo 'There is no champion in models/champion: nothing to deliver.'
else
	mkdir -p build
	$(DOCKER) buildx build --target service --push --sbom=true --provenance=mode=max \
	  --label 'org.opencontainers.image.revision=$(REVISION)' \
	  --metadata-file build/metadata.json --tag "$(IMAGE):$(REVISION)-model-$$( \
	    python3 -c 'import json; print(json.load(open("models/champion/model.json"))["version"])')" .
	python3 -c 'import json; print("$(IMAGE)@" + json.load(open("build/metadata.json"))["containerimage.digest"])' \
	  > build/image.txt
	$(DOCKER) buildx imagetools inspect "$$(cat build/image.txt)" --format '{{json .SBOM}}' > build/sbom.json
	cp models/champion/model.json build/model.json
	cat build/image.txt
endif

# Hosts and clusters follow the tag `$(ENVIRONMENT)`; what it was before is `$(ENVIRONMENT)-previous`.
# Other components add rules of their own to image-push::, deploy::, undo:: and restore::.
RUNNING = $(DOCKER) buildx imagetools inspect '$(IMAGE):$(ENVIRONMENT)' --format '$(IMAGE)@{{.Manifest.Digest}}'
# What `undo` goes back to; each `deploy` makes it anew.
UNDO = build/undo-$(ENVIRONMENT)
BEFORE = $(UNDO)/image.txt
ERROR = $(UNDO)/error.txt

.PHONY: deploy undo restore

deploy:: ## Make the built image what ENVIRONMENT runs
	rm -rf $(UNDO)
ifeq ($(wildcard build/image.txt),)
	@echo 'No image was pushed (make image-push): nothing to deploy.'
else
	mkdir -p $(UNDO)
# Nothing ran before only where the registry says so: a look-up that failed would lose what there is to go back to.
	$(RUNNING) > $(BEFORE) 2> $(ERROR) || grep -q ': not found' $(ERROR) || { cat $(ERROR) >&2; \
	  echo 'It is not known what $(ENVIRONMENT) runs: nothing is deployed. Run this again.' >&2; exit 1; }
	test ! -s $(BEFORE) || cmp -s $(BEFORE) build/image.txt || $(DOCKER) buildx imagetools create \
	  --tag '$(IMAGE):$(ENVIRONMENT)-previous' "$$(cat $(BEFORE))"
	$(DOCKER) buildx imagetools create --tag '$(IMAGE):$(ENVIRONMENT)' "$$(cat build/image.txt)"
endif

undo:: ## After a `deploy` that failed half-way: what ran before runs again
	test ! -s $(BEFORE) || $(DOCKER) buildx imagetools create \
	  --tag '$(IMAGE):$(ENVIRONMENT)' "$$(cat $(BEFORE))"

restore:: ## Make ENVIRONMENT run again what it ran before the last `deploy`
	$(DOCKER) buildx imagetools create \
	  --tag '$(IMAGE):$(ENVIRONMENT)' '$(IMAGE):$(ENVIRONMENT)-previous'

models/champion/model.json:
	$(MAKE) train
