"""The process that serves: one worker, its socket, its log, and how it ends."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from data.errors import InputError
from jalon.http.app import Server, create_app
from jalon.http.auth import is_loopback
from jalon.http.logs import ToLog, server_log
from jalon.http.problems import MEDIA_TYPE, problem
from jalon.settings import Settings
from jalon.terminal import console, print_json, say

LIBRARY = "uvicorn.error"
SWITCH_S = 0.0001
"""The store's writer and the event loop share the interpreter; with the usual 5 ms each waits so long for the other."""

LARGE_BYTES = 1 << 20
M_MMAP_THRESHOLD = -3  # malloc.h


def run(settings: Settings, as_json: bool) -> None:
    """Serve until a signal says to stop; requests at work are then finished first.

    Raises
    ------
    JalonError
        It could not start.
    """
    sys.setswitchinterval(SWITCH_S)
    _give_back_large_memory()
    log = server_log()
    app = create_app(settings, log)
    with _listening(settings) as door, _calm(), _library_log(ToLog(log)):
        try:
            Runner(app, settings, as_json).run([door])
        except SystemExit:
            server: Server = app.state.server
            if server.failure is None:
                raise
            raise server.failure from None


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 as Uvicorn speaks it; what is no HTTP at all gets a problem document too."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser can't read, and hang up."""
        body = msgspec.json.encode(problem(400, "no_http", "this is no HTTP/1.1 request", "check its first line"))
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()


def _give_back_large_memory() -> None:
    """Let large bodies leave the process once they are answered.

    The C library learns to keep what was freed, up to 32 MiB, per thread: a few large bodies stayed with us for good.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


class Runner(uvicorn.Server):
    """Uvicorn with one worker, telling where it serves once it does."""

    def __init__(self, app: Any, settings: Settings, as_json: bool) -> None:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=settings.shutdown_s,
        )
        super().__init__(config)
        self.settings, self.as_json = settings, as_json
        self.server: Server = app.state.server

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell it."""
        await super().startup(sockets)
        if self.started and sockets:
            gc.collect()
            gc.freeze()  # what is there now stays: the collector needn't walk through it during requests
            logging.getLogger(LIBRARY).propagate = True
            self.server.start_ahead()
            self._tell(sockets[0].getsockname()[1])

    def _tell(self, port: int) -> None:
        host = self.settings.host
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        is_open = self.server.door.is_open
        self.server.log.info("serving", url=url, pid=os.getpid(), auth=not is_open)
        warning = _warning(self.settings, is_open)
        if warning:
            self.server.log.warning("auth_off", message=warning)
        if console.is_terminal:
            say("serving", f"{url} (documentation: {url}/openapi.json; Ctrl-C stops it)", "bold green")
            if warning:
                say("NO AUTHENTICATION:", warning, "bold red")
        if self.as_json:
            print_json({"url": url, "pid": os.getpid(), "auth": not is_open})


def _warning(settings: Settings, is_open: bool) -> str:
    """Return what must be said loudly where callers need no key."""
    if not is_open:
        return ""
    who = "everybody on this machine" if is_loopback(settings.host) else "EVERYBODY WHO REACHES THIS ADDRESS"
    return f"{who} may read and write everything, as tenant `{settings.tenant}`; `jalon keys add` ends that"


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Yield the socket to serve on; told plainly where there is none to be had."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        door = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = (error.strerror or str(error)).partition(" (while")[0]
        action = "choose another --port or --host, or end what listens there"
        raise InputError("no_such_address", reason, where, action) from None
    with door:
        if is_loopback(settings.host) and not is_loopback(door.getsockname()[0]):
            raise InputError(
                "no_such_address", "this name is not this machine's alone", settings.host, "give 127.0.0.1"
            )
        yield door


@contextmanager
def _calm() -> Iterator[None]:
    """Let the signals that stop a server end it well: they come once more when it has stopped."""
    before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _library_log(handler: logging.Handler) -> Iterator[None]:
    """Let libraries log our way; while it starts, the server's library would only repeat our own errors."""
    root, library = logging.getLogger(), logging.getLogger(LIBRARY)
    root.addHandler(handler)
    library.propagate = False
    library.addHandler(silent := logging.NullHandler())
    try:
        yield
    finally:
        root.removeHandler(handler)
        library.removeHandler(silent)
        library.propagate = True
