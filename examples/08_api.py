"""The solver's API from Python: plan as a job and follow it, ask for slots for a whole burst, commit, re-plan.

``python examples/08_api.py URL FOLDER [SECONDS]``: a server on the city of FOLDER/request.json answers at URL.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]


def planned(client: httpx.Client, request: Json, seconds: float) -> Json:
    """Return a plan that was made as a job, each better one told as it is found."""
    reply = client.post(
        "/v1/plans", params={"budget_s": seconds, "seed": 2}, json=request, headers={"prefer": "respond-async"}
    )
    reply.raise_for_status()
    job = reply.headers["location"]
    with client.stream("GET", f"{job}/events") as events:
        for line in events.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                print("told", value, file=sys.stderr)
    plan: Json = client.get(f"/v1/plans/{client.get(job).json()['plan_id']}").raise_for_status().json()
    return plan


def commit(client: httpx.Client, plan_id: str) -> None:
    """Put a plan in force as it was seen."""
    seen = client.get(f"/v1/plans/{plan_id}").headers["etag"]
    client.post(f"/v1/plans/{plan_id}/commit", headers={"if-match": seen}).raise_for_status()


def main(url: str, folder: Path, seconds: float) -> None:
    """Plan the day, ask what it could still take of the burst, take it in."""
    request, burst = (json.loads((folder / f"{name}.json").read_text()) for name in ("request", "burst"))
    with httpx.Client(base_url=url, timeout=120) as client:
        plan = planned(client, request, seconds)
        commit(client, plan["id"])
        asked = {"orders": burst["orders"], "places": burst["places"]}
        told = client.post(f"/v1/plans/{plan['id']}/slots", json=asked).raise_for_status().json()
        fitting = [one for one in told["orders"] if one["best"] is not None]
        after = client.post(f"/v1/plans/{plan['id']}/replan", params={"budget_s": seconds}, json=burst)
        proposal = after.raise_for_status().json()
        diff = client.get(f"/v1/plans/{proposal['id']}/diff").raise_for_status().json()
        commit(client, proposal["id"])
    print(json.dumps({
        "plan": plan["id"],
        "fits_alone": len(fitting),
        "cents_alone": sum(one["slots"][one["best"]]["cost_cents"] for one in fitting),
        "replan": proposal["id"],
        "added": len(diff["added"]),
        "served": proposal["totals"]["served"],
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 10.0)
