#!/usr/bin/env bash
# New orders come in on the plan of 01: see what would change, then do it. Vehicle v01 is being loaded already.
#   examples/02_take_a_burst.sh [FOLDER]      LIMIT: seconds to search
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
echo '[{"vehicle_id": "v01", "loading_started": true}]' > "$out/status.json"
replan=(jalon replan "$out/plan.json" --burst "$out/burst.csv" --city "$out/city.city" --status "$out/status.json"
  --freeze-before 09:00 -l "${LIMIT:-10}")

"${replan[@]}" --dry-run
"${replan[@]}" -o "$out/plan-2.json" --map "$out/map-2.html" --json > "$out/figures.json"
jalon check "$out/plan-2.json"
