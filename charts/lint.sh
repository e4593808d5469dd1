#!/usr/bin/env bash
# lints the chart for every case of ci/ and of test/chart/cases/: helm lint --strict, and kube-score with the exceptions below.
# kube-score's warnings are left out, because we choose what they warn about: a NodePort, single replicas, topology spread
# instead of anti-affinity, and `logs`, which has one pod that is recreated.
# Needs helm and kube-score, and the dependencies in charts/ (helm dependency build).
set -euo pipefail
here=$(dirname "$0")
chart=${1:-$here/music-separation}
apis=(--api-versions keda.sh/v1alpha1 --api-versions monitoring.coreos.com/v1 --api-versions gateway.networking.k8s.io/v1)
exceptions=(
  # a CPU limit would keep the engine from idle cores
  --ignore-container-cpu-limit
  # release tags and digests do not change, and nodes may have preloaded images
  --ignore-test container-image-pull-policy
  # 1000 is the user of the Node image; the Pod Security Standard allows any but 0
  --ignore-test container-security-context-user-group-id
  # the policies of Redis and MinIO select pods of subcharts, which are not scored
  --ignore-test networkpolicy-targets-pod
  # a store of one pod: a budget would keep its node from being drained, and nobody asks for its pods by name
  --ignore-test statefulset-has-poddisruptionbudget --ignore-test statefulset-has-servicename
)
# what these cases ask for
exceptions_of() {
  case $1 in
    disruption-never.yaml) echo --ignore-test deployment-has-poddisruptionbudget ;;
    no-network-policies.yaml) echo --ignore-test pod-networkpolicy ;;
    # containers of an operator's own, which have no limit
    init-containers.yaml | native-sidecar.yaml | sidecars.yaml)
      echo --ignore-test container-ephemeral-storage-request-and-limit
      ;;
  esac
}
helm lint --strict "$chart"
for values in "$chart"/ci/*-values.yaml "$here"/../test/chart/cases/*.yaml; do
  case=$(basename "$values")
  echo "$case"
  read -ra own < <(exceptions_of "$case") || true
  objects=$(helm template songs "$chart" --namespace music --values "$values" "${apis[@]}")
  # only objects of the chart's own templates
  awk 'BEGIN { RS = "---\n" } /# Source: music-separation\/templates/ { print "---"; print }' <<<"$objects" |
    kube-score score - --kubernetes-version v1.34 --output-format ci "${exceptions[@]}" "${own[@]}" |
    { if grep '^\[CRITICAL\]'; then exit 1; fi; }
done
