#!/usr/bin/env bash
# The same over HTTP, with nothing but curl: plan the day of 01, ask for slots, commit, re-plan, export.
#   examples/08_api.sh [FOLDER]      LIMIT: seconds to search
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
PATH="$root/.venv/bin:$PATH"
out=${1:-example-out}
api="$out/api"
mkdir -p "$api"
rm -f "$api"/api.db*

JALON_DATABASE_URL="sqlite:///$api/api.db" jalon serve --only routing --city "$out/city.city" --port 0 --json \
  > "$api/serving.json" 2> "$api/log" &
server=$!
trap 'kill "$server"; wait "$server" || true' EXIT
until grep -q '^}' "$api/serving.json"; do kill -0 "$server"; sleep 0.2; done
url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$api/serving.json")
until curl -fs "$url/readyz" > "$api/ready.json"; do sleep 0.2; done
json='content-type: application/json'

# A plan is a proposal. Without Prefer the answer is waited for; with `Prefer: respond-async` it would be a job.
curl -fsS "$url/v1/plans?budget_s=${LIMIT:-10}" -H "$json" --data-binary "@$out/request.json" \
  -H 'Idempotency-Key: "plan-of-the-day"' -D "$api/headers" -o "$api/plan.json"
plan=$(sed -n 's/^content-location: \([^[:space:]]*\).*/\1/Ip' "$api/headers")
etag=$(sed -n 's/^etag: \([^[:space:]]*\).*/\1/Ip' "$api/headers")

# It is put in force by whoever names the version that was seen.
curl -fsS -X POST "$url$plan/commit" -H "If-Match: $etag" -o "$api/committed.json"

# Which windows are still open to a new order, and at what price?
day=$(sed -n 's/^  "day": "\(.*\)",/\1/p' "$out/request.json")
cat > "$api/asked.json" << JSON
{
  "places": [{"id": "home-new", "kind": "home", "lat": 47.381, "lon": 0.289}],
  "orders": [{"id": "new", "hub_id": "hub-1", "parcels": [{"id": "new-1", "load_g": 900, "volume_dm3": 4}],
              "options": [{"place_id": "home-new"}], "promised_on": "$day"}],
  "windows": [{"start_at": "${day}T09:00:00+01:00", "end_at": "${day}T11:00:00+01:00"},
              {"start_at": "${day}T14:00:00+01:00", "end_at": "${day}T16:00:00+01:00"}]
}
JSON
curl -fsS "$url$plan/slots" -H "$json" --data-binary "@$api/asked.json" -o "$api/slots.json"

# New orders come in: a proposal again, and what it would change.
curl -fsS "$url$plan/replan?budget_s=${LIMIT:-10}" -H "$json" --data-binary "@$out/burst.json" \
  -D "$api/headers" -o "$api/plan-2.json"
next=$(sed -n 's/^content-location: \([^[:space:]]*\).*/\1/Ip' "$api/headers")
curl -fsS "$url$next/diff" -o "$api/diff.json"

for form in geojson gpx csv html waves.json; do curl -fsS "$url$next/export.$form" -o "$api/tours.$form"; done

# The same from Python, the plan as a job this time: examples/08_api.py needs httpx only.
"${PYTHON:-python3}" "$root/examples/08_api.py" "$url" "$out" "${LIMIT:-10}" > "$api/client.json"

# What is wrong is told with where it is and what to do.
sed '0,/"orders"/s//"ordres"/' "$out/request.json" > "$api/wrong.json"
curl -sS "$url/v1/plans" -H "$json" --data-binary "@$api/wrong.json" -o "$api/problem.json"
cat "$api/problem.json" && echo
