##@ Kubernetes
.PHONY: manifests manifests-check canary canary-end

manifests: $(READY) ## Print what ENVIRONMENT consists of: make manifests ENVIRONMENT=staging
	@kubectl kustomize k8s/overlays/$(or $(ENVIRONMENT),staging)

manifests-check: $(READY) ## Build every overlay, check it against Kubernetes' schemas and against the service
	pytest -q tests/kubernetes

# The locked kubectl, also where nothing is installed: a job that deploys brings git, make and python3 alone.
KUBECTL ?= $(UV) run --quiet --isolated --only-group kubernetes kubectl
IN_CLUSTER = $(KUBECTL) --namespace project-name-$(ENVIRONMENT)
RELEASE = DOCKER='$(DOCKER)' sh k8s/release.sh
NUMBER = --ignore-not-found --output 'jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}'

# Training and monitor go with the service's image, whose digest is their tag: who has one finds all three.
ifneq ($(wildcard models/champion/model.json),)
image-push::
	$(DOCKER) buildx build --target training --push \
	  --tag "$(IMAGE)-training:$$(sed 's/.*@sha256:/sha256-/' build/image.txt)" .
	$(DOCKER) buildx build --file monitoring/Dockerfile --push \
	  --tag "$(IMAGE)-monitor:$$(sed 's/.*@sha256:/sha256-/' build/image.txt)" .
endif

# Where the job has a cluster's credentials, an environment is a namespace of it.
ifneq ($(KUBECONFIG),)
ifneq ($(wildcard build/image.txt),)
deploy:: $(filter .tools/%,$(UV))
	$(RELEASE) $(ENVIRONMENT) "$$(cat build/image.txt)"
	mkdir -p $(UNDO)/deployment
	set -e; for each in deployment/service deployment/monitor; do \
	  $(IN_CLUSTER) get "$$each" $(NUMBER) > "$(UNDO)/$$each"; \
	done
	$(KUBECTL) apply --kustomize build/k8s
	$(IN_CLUSTER) rollout status deployment/service --timeout 10m
endif

# To the revisions of before, where they have changed: of a deployment that never came here there is nothing to undo.
undo:: $(filter .tools/%,$(UV))
	set -e; for each in $(patsubst $(UNDO)/%,%,$(wildcard $(UNDO)/deployment/*)); do \
	  before=$$(cat "$(UNDO)/$$each"); now=$$($(IN_CLUSTER) get "$$each" $(NUMBER)); \
	  if [ -n "$$before" ] && [ "$$before" != "$$now" ]; then \
	    $(IN_CLUSTER) rollout undo "$$each" --to-revision "$$before"; \
	  fi; \
	done
	if [ -d $(UNDO)/deployment ] && [ -s $(BEFORE) ]; then \
	  $(RELEASE) $(ENVIRONMENT) "$$(cat $(BEFORE))" \
	    && $(KUBECTL) apply --kustomize build/k8s --selector app.kubernetes.io/component=job; \
	fi
	rm -rf $(UNDO)/deployment

restore:: $(filter .tools/%,$(UV))
	$(RELEASE) $(ENVIRONMENT) "$$($(RUNNING))"
	$(KUBECTL) apply --kustomize build/k8s
	$(IN_CLUSTER) rollout status deployment/service --timeout 10m
endif

canary: $(filter .tools/%,$(UV)) ## Let models/challenger answer a share of requests: make canary ENVIRONMENT=production
	$(DOCKER) buildx build --target service --build-arg MODEL=models/challenger --push \
	  --tag '$(IMAGE)-canary:$(ENVIRONMENT)' .
	$(RELEASE) $(ENVIRONMENT)-canary "$$($(RUNNING))"
	$(KUBECTL) apply --kustomize build/k8s
	$(IN_CLUSTER) rollout status deployment/service-canary --timeout 10m

canary-end: $(filter .tools/%,$(UV)) ## Let the champion answer all requests again
	$(RELEASE) $(ENVIRONMENT) "$$($(RUNNING))"
	$(KUBECTL) apply --kustomize build/k8s
	$(IN_CLUSTER) delete deployment/service-canary service/service-canary --ignore-not-found
