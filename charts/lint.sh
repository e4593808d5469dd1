#!/usr/bin/env bash
# lints the chart for every case of ci/: helm lint --strict, and kube-score with the exceptions below.
# Only critical findings fail. The warnings are choices of this product: a NodePort, single replicas on request,
# topology spread in place of anti-affinity, and one recreated `logs`.
# Needs helm and kube-score, and the dependencies in charts/ (helm dependency build).
set -euo pipefail
chart=${1:-$(dirname "$0")/music-separation}
apis=(--api-versions keda.sh/v1alpha1 --api-versions monitoring.coreos.com/v1 --api-versions gateway.networking.k8s.io/v1)
exceptions=(
  # a CPU limit keeps the engine from idle cores
  --ignore-container-cpu-limit
  # tags and digests of releases do not change, and nodes may have preloaded images
  --ignore-test container-image-pull-policy
  # 1000 is the Node image's user, and the Pod Security Standard allows any but 0
  --ignore-test container-security-context-user-group-id
  # the policies of Redis and MinIO select pods of subcharts, which are not scored
  --ignore-test networkpolicy-targets-pod
)
helm lint --strict "$chart"
for values in "$chart"/ci/*-values.yaml; do
  basename "$values"
  objects=$(helm template songs "$chart" --namespace music --values "$values" "${apis[@]}")
  # only objects from the chart's own templates
  awk 'BEGIN { RS = "---\n" } /# Source: music-separation\/templates/ { print "---"; print }' <<<"$objects" |
    kube-score score - --kubernetes-version v1.34 --output-format ci "${exceptions[@]}" |
    { if grep '^\[CRITICAL\]'; then exit 1; fi; }
done
