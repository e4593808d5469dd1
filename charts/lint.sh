#!/usr/bin/env bash
# lints the chart for every case of ci/: helm lint --strict, and kube-score with the exceptions below.
# Its warnings are choices of this product and are left out: a NodePort, one replica where that is asked for, topology
# spread where it looks for anti-affinity, and `logs`, which is one and is recreated.
# Needs helm and kube-score, and the dependencies in charts/ (helm dependency build).
set -euo pipefail
chart=${1:-$(dirname "$0")/music-separation}
apis=(--api-versions keda.sh/v1alpha1 --api-versions monitoring.coreos.com/v1 --api-versions gateway.networking.k8s.io/v1)
exceptions=(
  # a CPU limit only slows an engine that could have had idle cores
  --ignore-container-cpu-limit
  # tags and digests of releases do not change, and nodes may have been loaded with the images
  --ignore-test container-image-pull-policy
  # 1000 is the user of the Node image; the Pod Security Standard asks for any but 0
  --ignore-test container-security-context-user-group-id
  # those of Redis and MinIO select pods of subcharts, which are not scored
  --ignore-test networkpolicy-targets-pod
)
helm lint --strict "$chart"
for values in "$chart"/ci/*-values.yaml; do
  basename "$values"
  objects=$(helm template songs "$chart" --namespace music --values "$values" "${apis[@]}")
  # only what the chart's own templates made
  awk 'BEGIN { RS = "---\n" } /# Source: music-separation\/templates/ { print "---"; print }' <<<"$objects" |
    kube-score score - --kubernetes-version v1.34 --output-format ci "${exceptions[@]}" |
    { if grep '^\[CRITICAL\]'; then exit 1; fi; }
done
