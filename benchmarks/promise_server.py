"""The server that ``promise_service.py`` measures: the whole application, and beside it a route that does nothing.

``python -m benchmarks.promise_server DATABASE_URL STATE_FILE REFRESH_S`` prints its port once it is ready. ``/empty``
goes through the same layers as a quote does; ``/bare`` is a FastAPI of its own without any.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from data import clock
from jalon.http.app import create_app
from jalon.settings import load_settings

READY_WITHIN_S = 300


def main(database_url: str, state: str, refresh_s: str) -> None:
    """Serve until it is told to stop."""
    sys.setswitchinterval(0.0001)
    settings = load_settings(
        database_url=database_url,
        promise=Path(state),
        refresh_s=float(refresh_s),
        only="promise",
        auth="off",
        log_one_in=100_000,
    )
    whole, bare = create_app(settings), FastAPI()
    whole.post("/empty")(_nothing)
    whole.get("/usage")(_usage)
    bare.post("/bare")(_nothing)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (bare if scope.get("path") == "/bare" else whole)(scope, receive, send)

    door = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="on", log_level="warning", access_log=False, server_header=False
    )
    uvloop.run(_serve(uvicorn.Server(config), whole, door))


async def _serve(server: uvicorn.Server, whole: FastAPI, door: socket.socket) -> None:
    serving = asyncio.create_task(server.serve([door]))
    for _ in range(READY_WITHIN_S * 10):
        await asyncio.sleep(0.1)
        waits = whole.state.server.waits.get("promise")
        if waits is not None and not waits():
            break
    gc.collect()
    gc.freeze()
    print(door.getsockname()[1], flush=True)
    await serving


async def _nothing() -> dict[str, str]:
    return {}


async def _usage() -> dict[str, float]:
    """Return what the process holds now and its CPU seconds: of the thread that answers requests, and of all."""
    used = resource.getrusage(resource.RUSAGE_THREAD)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "rss_mb": pages * resource.getpagesize() / 1e6,
        "cpu_s": used.ru_utime + used.ru_stime,
        "whole_cpu_s": clock.cpu_s(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
