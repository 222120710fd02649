#!/usr/bin/env bash
# Build the wheel and prove that it runs on its own: rules, schemas and templates come from the wheel, not from a checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf dist
.venv/bin/uv build --quiet --wheel --out-dir dist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wheel=$(readlink -f dist/*.whl)
.venv/bin/uv venv --quiet "$scratch/venv"
.venv/bin/uv pip install --quiet --python "$scratch/venv/bin/python" --constraint constraints.txt "$wheel"
cd "$scratch"
babelwatch=venv/bin/babelwatch
"$babelwatch" --version
"$babelwatch" config check
"$babelwatch" rules check
"$babelwatch" rules test
venv/bin/python -c 'from agent.web.runbook import runbook; assert "cause-fleet" in runbook()'
echo '{"event_id": "1", "timestamp": "2026-11-09T00:00:00Z", "query": "wie geht das", "results": []}' > log.jsonl
"$babelwatch" replay log.jsonl --store store --json > replay.json
"$babelwatch" languages --store store
echo "The wheel works: $(basename "$wheel")"
