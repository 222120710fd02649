#!/usr/bin/env bash
# The frameworks that `make bench-ingest` compares with, each in an environment of its own below build/.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/peers
printf 'pydantic>=2.14\nrich>=15\n' >build/peers/overrides.txt # Quix Streams says it wants older ones, and runs with ours
for package in "bytewax[kafka]" quixstreams; do
  peer=${package%%[*}
  [[ ! -f build/peers/$peer/.done ]] || continue
  echo "peers: installing $package" >&2
  .venv/bin/uv venv --quiet --clear --python .venv/bin/python "build/peers/$peer"
  .venv/bin/uv pip install --quiet --python "build/peers/$peer/bin/python" --override build/peers/overrides.txt -e . "$package"
  touch "build/peers/$peer/.done"
done
