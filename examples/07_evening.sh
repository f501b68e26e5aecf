#!/usr/bin/env bash
# An evening and the morning after: what fewer changes cost, a proposal, its commit; then a van breaks down in the rain,
# nobody is at home, an order is cancelled, the other vans are silent, and the day goes on. Run sheets and loading lists
# at the end.
#   examples/07_evening.sh [FOLDER]      LIMIT: seconds to search
set -euo pipefail
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"
out=${1:-example-out}
day=$out/evening
limit=${LIMIT:-10}
mkdir -p "$day"
[ -f "$out/city.city" ] || jalon city build synthetic -o "$out/city.city"

echo "== 18:00, tomorrow is planned" >&2
jalon city sample "$out/city.city" -o "$day" --orders 60 --burst 30
jalon solve "$day/request.json" --city "$out/city.city" -o "$day/plan.json" -l "$limit"

echo "== 22:00, a live has sold 30 orders more: what would it cost to leave people on the van they were told?" >&2
replan=(jalon replan "$day/plan.json" --city "$out/city.city")
"${replan[@]}" --burst "$day/burst.csv" --frontier --plot "$day/frontier.png" -l $((2 * limit)) --json \
  > "$day/frontier.json"

echo "== 22:05, at most 5 orders change van, each counts 2 EUR, 3 more where sorted; 0.20 to be loaded out of turn" >&2
"${replan[@]}" --burst "$day/burst.csv" --max-moves 5 --move-price 2 --sorted-price 3 --loading-price 0.20 -l "$limit" \
  --stream "$day/better-and-better.ndjson" -o "$day/proposal.json"
echo "== 22:10, the proposal is put in force" >&2
jalon commit "$day/proposal.json" "$day/plan.json"

echo "== the morning after, rain: a van is down with its load, a customer was out, a parcel is refused, an order cancelled" >&2
python3 - "$day" << 'PYTHON'
import json, sys
from pathlib import Path

day = Path(sys.argv[1])
plan = json.loads((day / "plan.json").read_text())
places = {place["id"]: place for place in plan["places"]}


def seen(tour, stops, **more):
    """Where a vehicle is right after so many stops, and what it has handed over."""
    last = tour["stops"][stops - 1]
    done = [one["order_id"] for stop in tour["stops"][:stops] for one in stop["handovers"]]
    failed = [failure["order_id"] for failure in more.get("failed", [])]
    here = {"lat": places[last["place_id"]]["lat"], "lon": places[last["place_id"]]["lon"], "at": last["end_at"]}
    return {"vehicle_id": tour["vehicle_id"], **here, "done": [one for one in done if one not in failed], **more}


first, second, *_ = sorted(plan["tours"], key=lambda tour: -len(tour["stops"]))
out, refused = (first["stops"][n]["handovers"][0]["order_id"] for n in (0, 2))
failed = [{"order_id": out, "reason": "absent"}, {"order_id": refused, "reason": "refused"}]
others = [tour for tour in plan["tours"] if tour not in (first, second)]
cancelled = [others[-1]["stops"][-1]["handovers"][0]["order_id"]] if others else []
status = [seen(first, 3, failed=failed), seen(second, 2, down=True)]
(day / "status.json").write_text(json.dumps(status))
(day / "morning.json").write_text(json.dumps({"format": "jalon.orders/1", "cancelled": cancelled}))
PYTHON
"${replan[@]}" --burst "$day/morning.json" --status "$day/status.json" --weather rain --eta-price 0.20 -l "$limit" \
  -o "$day/plan-morning.json" --commit --json > "$day/morning-figures.json"
jalon export "$day/plan.json" --to "$day/sheets"
