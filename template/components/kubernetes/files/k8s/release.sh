#!/bin/sh
# Write build/k8s: an overlay with the images of one release by digest, and the alert rules as the Prometheus operator
# takes them. Used by `make deploy`: sh k8s/release.sh staging registry.example/project-name@sha256:…
set -eu

overlay=$1
namespace=project-name-${overlay%-canary}
service=$2
name=${service%@*}
digest=${service##*@}
# What was built beside the service has its digest for a tag; a canary follows its environment.
beside=sha256-${digest#sha256:}

digest_of() {
  ${DOCKER:-docker} buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}'
}

image() {
  printf '  - name: project-name%s\n    newName: %s%s\n    digest: %s\n' "$1" "$name" "$1" "$2"
}

training=$(digest_of "$name-training:$beside")
monitor=$(digest_of "$name-monitor:$beside")
canary=
if [ "$overlay" != "${overlay%-canary}" ]; then
  canary=$(digest_of "$name-canary:${overlay%-canary}")
fi

rm -rf build/k8s
mkdir -p build/k8s
{
  cat <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

namespace: $namespace

resources:
  - ../../k8s/overlays/$overlay
  - rules.yaml

images:
END
  image '' "$digest"
  image -training "$training"
  image -monitor "$monitor"
  if [ -n "$canary" ]; then image -canary "$canary"; fi
} > build/k8s/kustomization.yaml

# A cluster's Prometheus sees all environments, and what is absent in this one may be there in another.
for file in monitoring/prometheus/rules/*.yml; do
  cat <<END
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: $(basename "$file" .yml)
spec:
END
  sed -e '/absent(/s/{job=/{namespace="'"$namespace"'", job=/g' -e '/./s/^/  /' "$file"
done > build/k8s/rules.yaml
