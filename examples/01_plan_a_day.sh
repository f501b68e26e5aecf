#!/usr/bin/env bash
# Builds a city, invents a day in it, plans the day, checks the plan and draws it.
#   examples/01_plan_a_day.sh [FOLDER]      LIMIT: seconds to search
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
mkdir -p "$out"

# The same for real streets: jalon city build nantes.osm.pbf --zfe zones.geojson --relays relays.csv -o "$out/city.city"
jalon city build synthetic -o "$out/city.city"
jalon city sample "$out/city.city" -o "$out" --orders 150 --burst 200

jalon solve "$out/request.json" -o "$out/plan.json" --map "$out/map.html" -l "${LIMIT:-10}"
jalon check "$out/plan.json"
