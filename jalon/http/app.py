"""The server put together: the one place that knows every part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from data import codec
from data.errors import JalonError
from data.model.promise_state import PromiseState
from data.store.database import Database
from jalon import __version__
from jalon.http import absent, health, keys_api, privacy_api, problems
from jalon.http.auth import Door
from jalon.http.cities import files_of, open_cities
from jalon.http.logs import Log, server_log, told_of
from jalon.http.metrics import Metrics
from jalon.http.openapi import Api
from jalon.http.shell import Parts, Shell
from jalon.rooms import Room
from jalon.settings import Settings
from promise.api import express_routes
from promise.api import router as promise_router
from promise.desk import Desk
from promise.refresh import Refresher
from routing.api import CitySeen
from routing.api import router as routing_router

NO_CITY = absent.Absence("no_city", "no city is open", "start the server with --city FILE, or with a folder of them")
NO_PROMISE = absent.Absence(
    "promise_not_configured", "there is nothing to promise from", "start the server with --promise FILE"
)
EXPOSED = ("X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "Location", "ETag", "Link")


class Server:
    """What one server holds while it runs.

    Attributes
    ----------
    waits : dict
        Per part, what tells why it isn't ready.
    failure : Exception, optional
        Why it could not start.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings, self.log = settings, log
        self.metrics = Metrics()
        self.door = Door(settings)
        self.express: dict[tuple[str, str], ASGIApp] = {}
        self.waits: dict[str, Callable[[], str]] = {"store": lambda: "being opened"}
        self.failure: Exception | None = None

    def parts(self) -> dict[str, str]:
        """Return, per part, what it waits for; an empty text: it is ready."""
        return {name: why() for name, why in self.waits.items()}

    @asynccontextmanager
    async def open(self, app: FastAPI) -> AsyncIterator[None]:
        """Open the store and the rooms, then close them in reverse once the last reply is out."""
        async with AsyncExitStack() as stack:
            try:
                await self._open(app, stack)
            except Exception as error:
                self.failure = error
                raise
            yield

    async def _open(self, app: FastAPI, stack: AsyncExitStack) -> None:
        database = await run_in_threadpool(Database, self.settings.database_url.get_secret_value())
        stack.callback(database.close)
        await run_in_threadpool(self.door.keyring.load, database)
        self.door.require_a_key()
        stack.push_async_callback(_ended, asyncio.create_task(self._refresh_keys(database)))
        self.waits["store"] = str
        if self.settings.only is not Room.ROUTING:  # first: paths are tried in this order, and quotes are in a hurry
            app.include_router(await self._promise(database, stack))
        if self.settings.only is not Room.PROMISE:
            app.include_router(self._routing(stack))
        app.include_router(keys_api.router(database, self.door.keyring))
        app.include_router(privacy_api.router(database))
        app.include_router(health.router(self.parts, self.metrics))
        await run_in_threadpool(app.openapi)

    async def _promise(self, database: Database, stack: AsyncExitStack) -> APIRouter:
        """Open the promise room, where there is something to promise from."""
        file = self.settings.promise
        if file is None:
            return absent.router(absent.PROMISE, NO_PROMISE)
        state = await run_in_threadpool(codec.read, file, PromiseState)
        secret = self.settings.secret.get_secret_value().encode() if self.settings.secret else None
        desk = await run_in_threadpool(Desk, database, state, secret)
        stack.push_async_callback(run_in_threadpool, desk.close)
        refresher = await run_in_threadpool(Refresher, desk, self.settings.tenant, self.settings.refresh_s)
        stack.push_async_callback(run_in_threadpool, refresher.close)
        self.waits["promise"] = desk.ready
        self.metrics.add("promise", desk.figures)
        self.express |= express_routes(desk)
        return promise_router(desk)

    def _routing(self, stack: AsyncExitStack) -> APIRouter:
        """Begin to open the cities; requests needn't wait for the last one."""
        if self.settings.city is None:
            return absent.router(absent.ROUTING, NO_CITY)
        files = files_of(self.settings.city)
        cities: dict[str, CitySeen] = {}
        told = {"why": "being read"}

        async def read() -> None:
            try:
                cities.update(await run_in_threadpool(open_cities, files))
                told["why"] = ""
            except JalonError as error:
                told["why"] = error.message
                self.log.error("city", code=error.code, message=str(error))

        self.waits["cities"] = lambda: told["why"]
        stack.push_async_callback(_ended, asyncio.create_task(read()))
        return routing_router(cities)

    async def _refresh_keys(self, database: Database) -> None:
        """Learn of keys that another server or the command line has made or revoked (PostgreSQL)."""
        while True:
            await asyncio.sleep(self.settings.keys_refresh_s)
            try:
                await run_in_threadpool(self.door.keyring.load, database)
            except Exception as error:  # the store is away: the keys that are known go on opening
                self.log.warning("keys", **told_of(error))


async def _ended(task: asyncio.Task[None]) -> None:
    """Stop a task and wait until it has."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def create_app(settings: Settings, log: Log | None = None) -> FastAPI:
    """Return the server as an ASGI app; its store and its rooms are opened when it starts."""
    server = Server(settings, log or server_log())
    app = Api(
        title="Jalon",
        version=__version__,
        lifespan=server.open,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_layers(server),
    )
    app.state.server = server
    problems.register(app)
    return app


def _layers(server: Server) -> list[Middleware]:
    """Return what every request goes through, the outermost first."""
    settings = server.settings
    layers = [Middleware(Shell, Parts(settings, server.door, server.metrics, server.log, server.express))]
    if settings.cors_origins:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
        layers.insert(0, cors)
    return layers
