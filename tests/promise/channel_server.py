"""The real server with channels, in this process: the small house now, one shop of each kind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from data import clock, codec
from promise.compat.channel import ChannelKind, ChannelSettings
from tests import fake_shopify, fake_tiktok
from tests.jalon import http_server
from tests.promise.small_house import house

GENERIC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def channels(tiktok_url: str = "http://127.0.0.1:9") -> dict[str, ChannelSettings]:
    """Return the settings of three channels of one shipper."""
    return {
        "maison": ChannelSettings(
            kind=ChannelKind.SHOPIFY,
            shipper="maison",
            secret=fake_shopify.SECRET,  # type: ignore[arg-type]
            shop=fake_shopify.DOMAIN,
        ),
        "live": ChannelSettings(
            kind=ChannelKind.TIKTOK,
            shipper="maison",
            secret=fake_tiktok.SECRET,  # type: ignore[arg-type]
            shop=fake_tiktok.SHOP,
            app_key=fake_tiktok.KEY,
            access_token=fake_tiktok.TOKEN,  # type: ignore[arg-type]
            api_url=tiktok_url,
            carrier_id="7117",
        ),
        "erp": ChannelSettings(kind=ChannelKind.GENERIC, shipper="maison", secret=GENERIC_SECRET),  # type: ignore[arg-type]
    }


@contextmanager
def serving(folder: Path, tiktok_url: str = "http://127.0.0.1:9", **more: Any) -> Iterator[TestClient]:
    """Yield a client of a server that is ready."""
    state = folder / "house.json"
    state.write_bytes(codec.encode(house(clock.now().replace(microsecond=0))))
    with http_server.client(folder, promise=state, only="promise", channels=channels(tiktok_url), **more) as one:
        until(lambda: one.get("/readyz").status_code == 200)
        yield one


def until(done: Any, seconds: float = 60.0) -> None:
    """Wait for something."""
    began_s = clock.elapsed_s()
    while not done():
        assert clock.elapsed_s() - began_s < seconds, "it did not happen"
        time.sleep(0.05)
