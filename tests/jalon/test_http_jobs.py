"""Jobs over HTTP: their resource, pages, events that can be resumed, cancelling; errors as problem documents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from data import codec
from data.model.job import Job
from data.model.reservation import Owner
from jalon.http import app as app_module
from routing.jobs import Jobs
from routing.task import Task
from tests.fake_workers import FakeWorkers
from tests.jalon.http_server import client, problem
from tests.store.test_plans import a_plan

OWNER = Owner("default")


class Workers(FakeWorkers):
    """Fake workers in the place of a cluster."""

    def __init__(self, *_: object) -> None:
        super().__init__(2)

    def ready(self) -> str:
        """They always are."""
        return ""

    def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to stop."""


class Bench:
    """A server, its jobs and its workers."""

    def __init__(self, http: TestClient, jobs: Jobs, workers: Workers) -> None:
        self.http, self.jobs, self.workers = http, jobs, workers

    def submit(self, body: bytes = b"wait", kind: str = "vroom") -> Job:
        """Queue a job."""
        return self.call(self.jobs.submit, OWNER, Task(kind=kind, body=body))

    def call(self, act: Any, *given: Any) -> Any:
        """Call something on the server's loop."""
        assert self.http.portal is not None
        return self.http.portal.call(act, *given)

    def ended(self, job: Job) -> dict[str, Any]:
        """Return a job's resource once it has ended."""
        self.call(self.jobs.wait, OWNER, job.id, 20)
        found: dict[str, Any] = self.http.get(f"/v1/jobs/{job.id}").json()
        return found


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Yield a server on fake workers."""
    made: list[Any] = []

    class Seen(Jobs):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    monkeypatch.setattr(app_module, "Cluster", Workers)
    monkeypatch.setattr(app_module, "Jobs", Seen)
    with client(tmp_path) as http:
        yield Bench(http, made[0], made[0]._workers)


def test_a_job_is_told_until_it_leads_to_its_plan(bench: Bench) -> None:
    job = bench.submit(kind="plan")
    (name,) = bench.call(bench.workers.runs, 1)
    waiting = bench.http.get(f"/v1/jobs/{job.id}")
    assert waiting.headers["retry-after"] == "2"
    seen = waiting.json()
    assert (seen["status"], seen["attempts"], seen["result_url"], seen["error"]) == ("running", 1, None, None)
    bench.call(bench.workers.tell, name, 12_345)
    bench.call(bench.workers.answer, name, codec.encode(a_plan("p1")))
    seen = bench.ended(job)
    assert (seen["status"], seen["best_cost_cents"], seen["plan_id"]) == ("succeeded", 12_345, "p1")
    assert seen["result_url"] == "/v1/plans/p1"
    moved = bench.http.get(f"/v1/jobs/{job.id}?redirect=1", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (303, "/v1/plans/p1")


def test_events_are_a_stream_that_can_be_resumed(bench: Bench) -> None:
    job = bench.submit()
    (name,) = bench.call(bench.workers.runs, 1)
    for cost in (300, 200):
        bench.call(bench.workers.tell, name, cost, b"best")
    bench.call(bench.workers.answer, name, b'{"code":0}')
    bench.ended(job)
    whole = bench.http.get(f"/v1/jobs/{job.id}/events")
    assert whole.headers["content-type"].startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in one.splitlines()) for one in whole.text.strip().split("\n\n")]
    assert [(one["id"], one["event"]) for one in events] == [("1", "improved"), ("2", "improved"), ("3", "done")]
    rest = bench.http.get(f"/v1/jobs/{job.id}/events", headers={"last-event-id": "2"})
    assert rest.text.strip() == whole.text.strip().split("\n\n")[2]
    assert bench.http.get(f"/v1/jobs/{job.id}/result").json() == {"code": 0}


def test_cancelling_leads_to_the_best_so_far(bench: Bench) -> None:
    job = bench.submit(kind="plan")
    (name,) = bench.call(bench.workers.runs, 1)
    bench.workers.obeys = False
    bench.call(bench.workers.tell, name, 200, codec.encode(a_plan("best")))
    seen = bench.http.delete(f"/v1/jobs/{job.id}").json()
    assert (seen["status"], seen["result_url"]) == ("cancelled", "/v1/plans/best")
    assert bench.http.delete(f"/v1/jobs/{job.id}").json() == seen


def test_a_failed_job_says_where_its_request_is_wrong(bench: Bench) -> None:
    seen = bench.ended(bench.submit(b"bad"))
    assert (seen["status"], seen["result_url"]) == ("failed", None)
    assert seen["error"] == {
        "code": "bad_input",
        "detail": "it is wrong",
        "pointer": "#/orders/3",
        "action": "correct it",
    }


def test_jobs_are_paged(bench: Bench) -> None:
    for _ in range(3):
        bench.submit(b"ok")
        bench.call(asyncio.sleep, 0.002)  # ids grow with the millisecond
    first = bench.http.get("/v1/jobs?limit=2")
    assert len(first.json()["items"]) == 2 and 'rel="next"' in first.headers["link"]
    second = bench.http.get(f"/v1/jobs?limit=2&cursor={first.json()['next_cursor']}").json()
    assert len(second["items"]) == 1 and second["next_cursor"] is None
    ids = [one["id"] for one in (*first.json()["items"], *second["items"])]
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/v1/jobs/nope", {}, 404, "unknown_job"),
        ("DELETE", "/v1/jobs/nope", {}, 404, "unknown_job"),
        ("GET", "/v1/jobs/nope/events", {}, 404, "unknown_job"),
        ("GET", "/v1/jobs/nope/result", {}, 404, "unknown_job"),
        ("GET", "/v1/jobs?limit=0", {}, 422, "invalid_value"),
        ("GET", "/v1/jobs?limit=1e3", {}, 422, "invalid_value"),
        ("GET", "/v1/jobs/JOB/events", {"last-event-id": "-1"}, 422, "invalid_value"),
        ("GET", "/v1/jobs/JOB/result", {}, 404, "no_result"),
    ],
)
def test_wrong_requests_are_told_why(
    bench: Bench, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    path = path.replace("JOB", bench.submit().id)
    reply: httpx.Response = bench.http.request(method, path, headers=headers)
    problem(reply, status, code)
