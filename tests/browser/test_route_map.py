"""The map of a route in a real browser, from ``file://``, with no network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from data.clock import PARIS
from data.model.traffic import Conditions
from data.model.vehicle import Category, Critair, Energy
from data.synthetic.city import synthetic_city
from routing.access import VehicleKind
from routing.map.route import render_route
from routing.trip import find_trip

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
AT = datetime(2026, 11, 24, 8, 30, tzinfo=PARIS)
POINTS = [(47.4318, 0.3086), (47.3770, 0.2618)]
KINDS = [
    VehicleKind(Category.VUL, Critair.V3, Energy.DIESEL),
    VehicleKind(Category.VUL, Critair.EL, Energy.ELECTRIC),
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent (apt-get install chromium)"),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    city, (lat, lon) = synthetic_city(), np.array(POINTS).T
    trips = [find_trip(city, kind, lat, lon, AT, PARIS.key, Conditions()) for kind in KINDS]
    path = tmp_path_factory.mktemp("map") / "route.html"
    path.write_text(render_route(city, trips, POINTS, AT), "utf-8")
    return path


def test_it_opens_alone_and_draws_both_drives(file: Path) -> None:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1000, "height": 600}, reduced_motion="reduce")
        context.set_offline(True)
        page = context.new_page()
        requests: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(file.as_uri())
        page.wait_for_selector("body[data-ready=true]", timeout=60_000)
        assert [url.partition(":")[0] for url in requests] == ["file", "blob"], "the page and MapLibre's own worker"
        drawn = "(layer) => map.queryRenderedFeatures({ layers: [layer] }).length"
        assert all(page.evaluate(drawn, layer) for layer in ("route-0", "route-1", "zones", "streets"))
        assert page.locator(".end").all_text_contents() == ["A", "B"]
        card = page.locator("#card").inner_text()
        assert "mardi 24 novembre 2026, départ à 08:30" in card
        assert "Utilitaire · Crit’Air 3 · diesel" in card and "Utilitaire · Crit’Air E · électrique" in card
        assert card.count("contourne la zone") == 1
        assert "Mo-Fr 07:00-20:00, ce jour jusqu’à 20:00" in card
        assert complaints == []
        browser.close()
