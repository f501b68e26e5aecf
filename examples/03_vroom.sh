#!/usr/bin/env bash
# VROOM's JSON goes in, VROOM's JSON comes out: here with a matrix of its own, else with --city FILE.
#   examples/03_vroom.sh [FOLDER]      LIMIT: seconds to search
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
mkdir -p "$out"

jalon solve - -l "${LIMIT:-10}" > "$out/vroom.json" << 'JSON'
{
  "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [2]}],
  "jobs": [
    {"id": 10, "location_index": 1, "service": 120, "delivery": [1]},
    {"id": 20, "location_index": 2, "service": 120, "delivery": [1]}
  ],
  "matrices": {"car": {"durations": [[0, 300, 420], [310, 0, 200], [430, 210, 0]]}}
}
JSON
cat "$out/vroom.json"
