#!/usr/bin/env bash
# What a low-emission zone costs one trip: a Crit'Air 3 diesel van drives around it, an electric one straight through.
#   examples/04_zfe_detour.sh [FOLDER]
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
[ -f "$out/city.city" ] || jalon city build synthetic -o "$out/city.city"
route=(jalon route --city "$out/city.city" --from 47.4318,0.3086 --to 47.3770,0.2618
  --vehicle vul-V3-diesel --vehicle vul-EL-electric)

"${route[@]}" --at 2026-11-24T08:30 --map "$out/zfe.html" --json > "$out/route.json"
"${route[@]}" --at 2026-11-24T08:30
"${route[@]}" --at 2026-11-24T20:30 # the zone is open to all
