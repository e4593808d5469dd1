#!/bin/sh
# Tests and measures a GPU, on a machine without network. Takes 10 minutes. The machine needs Python with torch,
# pytest, numpy, safetensors, pyyaml, tqdm and huggingface-hub.
#
#   bench/on_device.sh fetch WHEELS [3.12]           # with network: what torch does not bring; for that Python
#   bench/on_device.sh run WHEELS RESULTS [OPTION…]  # on the machine with the GPU; options of bench.device
set -eu
mode=$1 wheels=$2
engine=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}

case $mode in
fetch)
  for name in demucs einops fastjsonschema julius lameenc sphn; do
    sed -n "s/^\($name==[^ ]*\) .*/\1/p" "$engine/requirements/cuda.lock"
  done | xargs "$python" -m pip download -q --no-deps --only-binary=:all: --dest "$wheels" --implementation cp \
    --python-version "${3:-3.12}" --platform manylinux_2_28_x86_64 --platform manylinux_2_24_x86_64 \
    --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64
  ;;
run)
  results=$3
  shift 3
  missing=$("$python" -c '
import sys
from importlib.util import find_spec
print(*(name for name in sys.argv[1:] if not find_spec(name)))
' torch pytest numpy safetensors yaml tqdm huggingface_hub)
  if [ -n "$missing" ]; then
    echo "$python lacks these modules, install them first: $missing" >&2
    exit 1
  fi
  mkdir -p "$results"
  results=$(cd "$results" && pwd)
  site=$(mktemp -d)
  trap 'rm -rf "$site"' EXIT
  "$python" -m pip install -q --no-index --no-deps --no-compile --target "$site" "$wheels"/*.whl
  export PYTHONPATH="$engine/src:$site" PYTHONUNBUFFERED=1
  cd "$engine"
  # what a broken test leaves is measured too
  timeout 180 "$python" -m pytest -q -rs tests/test_cuda.py >"$results/tests.txt" 2>&1 || echo "see tests.txt"
  tail -n 3 "$results/tests.txt"
  "$python" -m bench.device --minutes 6 --output "$results/gpu-songs.md" "$@"
  ;;
*)
  echo "the first argument is fetch or run, not $mode" >&2
  exit 2
  ;;
esac
