##@ Kubernetes
.PHONY: manifests manifests-check

manifests: $(READY) ## Print what ENVIRONMENT consists of: make manifests ENVIRONMENT=staging
	@kubectl kustomize k8s/overlays/$(or $(ENVIRONMENT),staging)

manifests-check: $(READY) ## Build every overlay, check it against Kubernetes' schemas and against the service
	pytest -q tests/kubernetes

# Where the job has a cluster's credentials, an environment is a namespace of it.
ifneq ($(KUBECONFIG),)
ifneq ($(wildcard build/image.txt),)
deploy::
	$(DOCKER) buildx build --target training --push --tag '$(IMAGE)-training:$(ENVIRONMENT)' .
	$(DOCKER) buildx build --file monitoring/Dockerfile --push --tag '$(IMAGE)-monitor:$(ENVIRONMENT)' .
	cd k8s/overlays/$(ENVIRONMENT) && kubectl kustomize . \
	  | sed "s|image: $(IMAGE):$(ENVIRONMENT)$$|image: $$(cat $(CURDIR)/build/image.txt)|" \
	  | kubectl apply --filename -
	kubectl --namespace project-name-$(ENVIRONMENT) rollout status deployment/service --timeout 10m
endif

undo::
	kubectl --namespace project-name-$(ENVIRONMENT) rollout undo deployment/service

restore::
	kubectl --namespace project-name-$(ENVIRONMENT) rollout undo deployment/service
	kubectl --namespace project-name-$(ENVIRONMENT) rollout status deployment/service --timeout 10m
endif
