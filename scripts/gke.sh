#!/usr/bin/env bash
# Makes what docs/gke.md describes: images, a cluster with GPU nodes from zero, KEDA and the service. Or removes it.
#   PROJECT=my-project scripts/gke.sh create|images|cluster|service|remove [--dry-run]
# create is images, cluster and service; after a failure, go on with the step that failed. --dry-run only prints.
# REGION and ZONE may be set too. Needs gcloud, docker, kubectl and helm.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n 's/^#   /usage: /p' "$0" >&2
  exit 2
}

[[ $# -ge 1 && $# -le 2 && ${2:---dry-run} == --dry-run ]] || usage
step=$1
dry_run=${2:-}
: "${PROJECT:?Set PROJECT to the ID of your project on Google Cloud.}"
# without it, gcloud would take the project of its own configuration
export CLOUDSDK_CORE_PROJECT=$PROJECT
REGION=${REGION:-europe-west4}
ZONE=${ZONE:-$REGION-a}
REPO=$REGION-docker.pkg.dev/$PROJECT/music
chart=charts/music-separation
version=$(sed -n 's/^version: //p' "$chart/Chart.yaml")

# prints a command, and runs it unless this is a dry run
run() {
  echo "$*"
  [[ -n $dry_run ]] || "$@"
}

# what fails here must not keep the cluster, which costs money
try() {
  run "$@" || echo "This failed, and the removal goes on: $*" >&2
}

project() {
  run gcloud config set project "$PROJECT"
  run gcloud services enable container.googleapis.com artifactregistry.googleapis.com cloudbuild.googleapis.com containerfilesystem.googleapis.com
}

images() {
  run gcloud artifacts repositories create music --repository-format=docker --location="$REGION"
  run gcloud auth configure-docker "$REGION-docker.pkg.dev"
  run docker build -f Dockerfile.api -t "$REPO/music-separation-api:$version" .
  run docker build -f Dockerfile.worker --build-arg MODELS=htdemucs -t "$REPO/music-separation-worker:$version" .
  run docker build -f Dockerfile.worker --build-arg ENGINE=cuda --build-arg MODELS=htdemucs -t "$REPO/music-separation-worker-cuda:$version" .
  local image
  for image in api worker worker-cuda; do run docker push "$REPO/music-separation-$image:$version"; done
}

cluster() {
  run gcloud container clusters create music --location="$ZONE" --num-nodes=2 --machine-type=e2-standard-4 \
    --enable-dataplane-v2 --enable-image-streaming --workload-pool="$PROJECT.svc.id.goog"
  run gcloud container node-pools create gpu --cluster=music --location="$ZONE" --machine-type=g2-standard-8 \
    --accelerator=type=nvidia-l4,count=1,gpu-driver-version=latest \
    --enable-autoscaling --num-nodes=0 --min-nodes=0 --max-nodes=4
  run helm install keda keda --repo https://kedacore.github.io/charts --namespace keda --create-namespace
}

service() {
  run gcloud container clusters get-credentials music --location="$ZONE"
  run helm dependency build "$chart"
  run helm install music "$chart" --namespace music --create-namespace --values "$chart/ci/gke-values.yaml" \
    --set "images.registry=$REPO" --wait
}

remove() {
  if run gcloud container clusters get-credentials music --location="$ZONE"; then
    try helm -n music uninstall music
    try kubectl delete namespace music minio-ns --ignore-not-found --timeout=5m
  else
    echo "This cluster cannot be reached, so nothing in it is uninstalled." >&2
  fi
  run gcloud container clusters delete music --location="$ZONE"
  run gcloud artifacts repositories delete music --location="$REGION"
}

case $step in
  create) project; images; cluster; service ;;
  images | cluster | service | remove) "$step" ;;
  *) usage ;;
esac
