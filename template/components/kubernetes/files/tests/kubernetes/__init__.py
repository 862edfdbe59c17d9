"""The manifests, against Kubernetes and against the service."""
