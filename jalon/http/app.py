"""The server put together: the one place that knows every part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from data import codec
from data.errors import JalonError
from data.locator import Locator
from data.model.promise_state import PromiseState
from data.sources.geocode import open_geocoder
from data.store.database import Database
from data.store.outbox import Notice
from jalon import __version__
from jalon.http import absent, addresses_api, compat, health, keys_api, privacy_api, problems, solver
from jalon.http.auth import Door
from jalon.http.cities import files_of, open_cities
from jalon.http.cors import Cors
from jalon.http.logs import Log, server_log, told_of
from jalon.http.metrics import Metrics
from jalon.http.openapi import Api
from jalon.http.shell import Parts, Shell
from jalon.loop import Loop
from jalon.rooms import Room
from jalon.scale import Cluster
from jalon.settings import Settings
from jalon.webhooks import api as webhooks_api
from jalon.webhooks.post import HttpPost
from jalon.webhooks.queue import Webhooks
from promise.api import express_routes
from promise.api import router as promise_router
from promise.compat import product_page
from promise.compat.channels import Channels
from promise.desk import Desk
from promise.follow.api import router as follow_router
from promise.follow.desk import Follower
from promise.follow.kpis import Kpis
from promise.intake.api import router as orders_router
from promise.intake.desk import OrderDesk
from promise.ledger import Ledger
from promise.refresh import Refresher
from promise.watch import Watcher
from routing.api import OpenCity
from routing.api.jobs import router as jobs_router
from routing.jobs import Jobs
from routing.standby import Standby

NO_CITY = absent.Absence("no_city", "no city is open", "start the server with --city FILE, or with a folder of them")
NO_PROMISE = absent.Absence(
    "promise_not_configured", "there is nothing to promise from", "start the server with --promise FILE"
)


class Server:
    """What one server holds while it runs.

    Attributes
    ----------
    waits : dict
        Per part, what tells why it isn't ready.
    ledger : Ledger, optional
        The store's only writer, once it is open.
    cluster : Cluster, optional
        The worker processes.
    failure : Exception, optional
        Why it could not start.
    locator : Locator, optional
        Finds addresses, where there is something to find them in.
    corrected : callable
        Told the carrier whose addresses have been corrected.
    heard : callable
        Told of every notice: what this house does about it.
    """

    def __init__(self, settings: Settings, log: Log) -> None:
        self.settings, self.log = settings, log
        self.metrics = Metrics()
        self.door = Door(settings)
        self.express: dict[tuple[str, str], ASGIApp] = {}
        self.cities: dict[str, OpenCity] = {}
        self.desk: Desk | None = None
        self.ledger: Ledger | None = None
        self.cluster: Cluster | None = None
        self.waits: dict[str, Callable[[], str]] = {"store": lambda: "being opened"}
        self.failure: Exception | None = None
        self.locator: Locator | None = None
        self.corrected: Callable[[str], object] = lambda tenant: None
        self.heard: Callable[[Notice], None] = lambda notice: None

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
        geocoder = await run_in_threadpool(open_geocoder, self.settings.ban, self.settings.geocoder_url)
        if geocoder is not None:
            stack.push_async_callback(run_in_threadpool, geocoder.close)
            self.locator = Locator(geocoder, database)
        app.include_router(privacy_api.router(database))  # before the rooms, whose paths are wider where one is absent
        if self.settings.only is not Room.ROUTING:  # first: paths are tried in this order, and quotes are in a hurry
            app.include_router(await self._promise(database, stack))
        if self.settings.only is not Room.PROMISE:
            jobs = await self._jobs(database, stack)
            loop = Loop(database, jobs, self.cities, self.log)
            stack.push_async_callback(loop.close)
            self.heard = loop.heard
            await loop.resume(self.settings.tenant)
            app.include_router(jobs_router(jobs))
            app.include_router(self._routing(database, jobs, stack))
            app.include_router(self._compat(jobs))
        app.include_router(await self._webhooks(database, stack))
        app.include_router(addresses_api.router(self.locator, database, lambda tenant: self.corrected(tenant)))
        app.include_router(keys_api.router(database, self.door.keyring))
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
        self.desk, self.ledger = desk, desk.ledger
        watcher = Watcher(desk, self.settings.tenant)
        refresher = await run_in_threadpool(Refresher, desk, self.settings.tenant, self.settings.refresh_s, watcher)
        stack.push_async_callback(run_in_threadpool, refresher.close)
        self.waits["promise"] = desk.ready
        self.metrics.add("promise", desk.figures)
        self.metrics.add("watch", watcher.figures)
        self.express |= express_routes(desk)
        routes = promise_router(desk)
        routes.include_router(await self._orders(desk, stack))
        routes.include_router(product_page.router(desk))
        follower = Follower(database, desk.ledger, watcher, desk.now, refresher.wake)
        routes.include_router(follow_router(follower, Kpis(database, desk.now)))
        return routes

    async def _orders(self, desk: Desk, stack: AsyncExitStack) -> APIRouter:
        """Open the desk that orders come to, and the channels they come from."""
        orders = await run_in_threadpool(OrderDesk, desk, self.locator)
        stack.push_async_callback(run_in_threadpool, orders.close)
        if orders.locating is not None:
            self.corrected = orders.locating.corrected
        channels = await run_in_threadpool(Channels, orders, self.settings.tenant, self.settings.channels)
        stack.push_async_callback(run_in_threadpool, channels.close)
        self.metrics.add("orders", orders.figures)
        self.metrics.add("channels", channels.figures)
        routes = orders_router(orders)
        routes.include_router(channels.router())
        return routes

    async def _webhooks(self, database: Database, stack: AsyncExitStack) -> APIRouter:
        """Begin to send notices to those who want them."""
        loopback, ledger = self.settings.webhooks_loopback, await self._writer(database, stack)
        queues = Webhooks(database, ledger, HttpPost(loopback=loopback), self.log, heard=self.heard)
        self.metrics.add("webhooks", queues.figures)
        stack.push_async_callback(_ended, asyncio.create_task(queues.run()))
        return webhooks_api.router(webhooks_api.Receivers(database, ledger, loopback))

    async def _writer(self, database: Database, stack: AsyncExitStack) -> Ledger:
        """Return the store's only writer, opened by whoever needs it first."""
        if self.ledger is None:
            self.ledger = await run_in_threadpool(Ledger, database)
            stack.push_async_callback(run_in_threadpool, self.ledger.close)
        return self.ledger

    async def _jobs(self, database: Database, stack: AsyncExitStack) -> Jobs:
        """Take up the jobs of the store; the workers are started once there is something to do, or ahead of that."""
        ledger = await self._writer(database, stack)
        self.cluster = Cluster(self.settings.dask_address, self.settings.workers)
        stack.push_async_callback(self.cluster.close)
        self.waits["workers"] = self.cluster.ready
        jobs = await run_in_threadpool(Jobs, database, ledger.write, self.cluster)
        stack.push_async_callback(jobs.close)
        self.metrics.add("solver_jobs", jobs.figures)
        jobs.open()
        return jobs

    def start_ahead(self) -> None:
        """Start the workers where there is a city to solve on, so that the first to ask needn't wait for them."""
        if self.cluster is not None and self.settings.city is not None:
            self.cluster.start()

    def _routing(self, database: Database, jobs: Jobs, stack: AsyncExitStack) -> APIRouter:
        """Begin to open the cities; requests needn't wait for the last one."""
        if self.settings.city is None:
            return absent.router(absent.ROUTING, NO_CITY)
        files = files_of(self.settings.city)
        cities = self.cities
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
        standby = Standby()
        stack.push_async_callback(run_in_threadpool, standby.close)
        assert self.ledger is not None, "jobs are opened first"
        return solver.router(self.settings, database, self.ledger, jobs, cities, standby, self.desk)

    def _compat(self, jobs: Jobs) -> APIRouter:
        """Return the contracts of others, which have matrices of their own where no city is open."""
        return compat.router(
            self.settings,
            self.cities,
            jobs.run,
            lambda: not any(self.parts().values()),
            lambda: bool(self.parts().get("cities")),
        )

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
    return [
        Middleware(Cors, settings.cors_origins),
        Middleware(Shell, Parts(settings, server.door, server.metrics, server.log, server.express)),
    ]
