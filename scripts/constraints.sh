#!/usr/bin/env bash
# Write constraints.txt: the exact releases in .venv, names and versions only (run it after an upgrade that the tests are content with).
set -euo pipefail
cd "$(dirname "$0")/.."
{
  echo "# Written by scripts/constraints.sh: what babelwatch was tested with."
  .venv/bin/uv pip freeze --quiet --color never --python .venv/bin/python | grep -E '^[A-Za-z0-9._-]+==[^ ]+$' | grep -vE '^(babelwatch|pip|setuptools|wheel)=='
} >constraints.txt.new
mv constraints.txt.new constraints.txt
