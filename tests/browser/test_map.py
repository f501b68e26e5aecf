"""The map in a real browser, from ``file://``, with no network."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from routing.map import render_map
from tests.routing import map_sample as sample

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
READY = "body[data-ready=true]"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is absent (apt-get install chromium)"),
]


class Opened:
    """A page, what it asked the network for, and what it complained about."""

    def __init__(self, page: playwright.Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: playwright.ConsoleMessage) -> None:
        # Swiftshader warns about its own speed; errors, and CSP refusals among them, are ours.
        if message.type == "error":
            self.complaints.append(message.text)

    def idle(self) -> None:
        """Wait until the map has drawn everything it was told."""
        self.page.evaluate("() => new Promise((done) => { map.once('idle', () => done()); map.triggerRepaint(); })")

    def drawn(self, layer: str) -> set[object]:
        """Return the ids of the features one layer shows."""
        rendered = "(layer) => map.queryRenderedFeatures({ layers: [layer] }).map((each) => each.id)"
        return set(self.page.evaluate(rendered, layer))


@pytest.fixture(scope="module")
def context() -> Iterator[playwright.BrowserContext]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        # Without motion the map jumps where it would fly: the same picture, sooner.
        made = browser.new_context(viewport={"width": 900, "height": 500}, reduced_motion="reduce")
        made.set_offline(True)
        yield made
        browser.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "tours.html"
    path.write_text(render_map(sample.city(), sample.after(), sample.before(), sample.shapes()), "utf-8")
    return path


@pytest.fixture(scope="module")
def tab(context: playwright.BrowserContext, file: Path) -> Iterator[Opened]:
    page = context.new_page()
    opened = Opened(page)
    page.goto(file.as_uri())
    page.wait_for_selector(READY, timeout=30_000)
    yield opened
    page.close()


@pytest.fixture
def opened(tab: Opened) -> Iterator[Opened]:
    """The one tab, back at its first view: opening it anew would take a second or more per test."""
    tab.page.get_by_label("Après 07:30").check()
    tab.page.evaluate("() => { if (popup) popup.remove(); select(null); }")
    tab.idle()
    yield tab
    assert tab.complaints == []


def test_it_opens_alone_and_draws_the_tours(opened: Opened) -> None:
    assert [url.partition(":")[0] for url in opened.requests] == ["file", "blob"], "the page and MapLibre's own worker"
    assert len(opened.drawn("streets")) == 3
    assert len(opened.drawn("tours-line")) == 1
    assert len(opened.drawn("tours-straight")) == 2
    assert len(opened.drawn("stops")) == 4
    assert len(opened.drawn("lone")) == 3
    assert opened.page.locator(".hub").count() == 1
    assert "OpenStreetMap" in opened.page.locator(".maplibregl-ctrl-attrib").inner_text()


def test_the_picture_is_not_blank(opened: Opened) -> None:
    png = opened.page.screenshot(clip=opened.page.locator("#map").bounding_box())
    count = """async (png) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const counts = new Map();
      for (const pixel of new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)) {
        counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
      }
      return [counts.size, Math.max(...counts.values()) / (image.width * image.height)];
    }"""
    colours, largest_share = opened.page.evaluate(count, base64.b64encode(png).decode())
    assert colours > 200
    assert largest_share < 0.9


def test_the_switch_shows_the_plan_before(opened: Opened) -> None:
    page = opened.page
    assert page.locator("#totals dd").first.text_content() == "4"
    page.get_by_label("Avant 07:00").check()
    opened.idle()
    assert opened.drawn("lone") == set()
    assert opened.drawn("moved") == {3}, "D was the last stop of VUL-2"
    assert page.locator("#lists").inner_text().startswith("Arrêts déplacés")
    page.get_by_label("Après 07:30").check()
    opened.idle()
    assert len(opened.drawn("lone")) == 3
    assert opened.drawn("moved") == {1}, "and is the last of VUL-1"
    assert opened.drawn("added") == {3}


def test_the_switch_works_from_the_keyboard(opened: Opened) -> None:
    opened.page.get_by_label("Après 07:30").focus()
    opened.page.keyboard.press("ArrowLeft")
    assert opened.page.get_by_label("Avant 07:00").is_checked()
    assert opened.page.evaluate("state.view === data.before")


def test_a_tour_is_highlighted_and_zoomed_to(opened: Opened) -> None:
    page = opened.page
    before = page.evaluate("map.getZoom()")
    row = page.locator(".tour").first
    row.focus()
    page.keyboard.press("Enter")
    opened.idle()
    assert page.evaluate("document.activeElement.dataset.vehicle") == "VUL-1", "the keyboard keeps its place"
    assert row.get_attribute("aria-expanded") == "true"
    assert page.locator(".pin").all_text_contents() == ["1", "2"]
    assert opened.drawn("tour-selected") == {0}
    assert "VUL-1" in str(page.evaluate("map.getPaintProperty('tours-line', 'line-opacity')"))
    assert page.evaluate("map.getZoom()") > before
    assert "08:15 · pause de 20 min" in page.locator(".steps").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".pin").count() == 0
    opened.idle()
    assert opened.drawn("tour-selected") == set()
    assert row.get_attribute("aria-expanded") == "false"


def test_a_moved_stop_says_where_it_was(opened: Opened) -> None:
    page = opened.page
    page.locator(".tour").first.click()
    page.get_by_label("Arrêt 2, 08:25").click()
    said = page.locator(".popup").inner_text()
    assert "était sur VUL-2 à 08:25, maintenant sur VUL-1 à 08:25" in said
    assert "zone ZFE-1" in said


def test_a_click_on_the_map_opens_the_stop_under_it(opened: Opened) -> None:
    lon, lat = sample.point(*sample.HOME_OF["A"])
    spot = opened.page.evaluate("(at) => map.project(at)", [lon, lat])
    opened.page.locator("#map").click(position=spot)
    said = opened.page.locator(".popup").inner_text()
    assert said.startswith("Arrêt 1 · 08:10")
    assert "créneau 10:00–12:00" in said


def test_a_click_in_a_zone_tells_its_rule(opened: Opened) -> None:
    spot = opened.page.evaluate("(at) => map.project(at)", list(sample.point(2.5, 3.5)))
    opened.page.locator("#map").click(position=spot)
    said = opened.page.locator(".popup").inner_text()
    assert "Utilitaire : interdit à partir de Crit’Air 3" in said
    assert "Mo-Fr 08:00-20:00" in said
    assert opened.page.locator(".popup a").get_attribute("href") == "https://example.fr/arrete.pdf"


def test_orders_on_no_tour_give_their_reasons(opened: Opened) -> None:
    opened.page.locator("#lists summary", has_text="Non servi").click()
    opened.page.get_by_role("button", name="lost").click()
    said = opened.page.locator(".popup").inner_text()
    assert "ZFE fermée <b>aux</b> V3." in said, "text, not HTML"
    assert "était" not in said
    opened.page.get_by_role("button", name="B Plus de place").click()
    assert "était sur VUL-1 à 08:25, maintenant hors tournée" in opened.page.locator(".popup").inner_text()


def test_a_hostile_order_id_is_only_text(opened: Opened) -> None:
    page = opened.page
    page.locator(".tour").nth(1).click()
    page.get_by_label("Arrêt 2, 08:25").click()
    assert "</script><img src=x onerror=" in page.locator(".popup").inner_text()
    assert page.locator("img").count() == 0
    assert page.evaluate("window.pwned") is None


def test_the_legend_hides_a_layer(opened: Opened) -> None:
    assert opened.drawn("locker") == {0}
    opened.page.locator("#legend summary").click()
    opened.page.get_by_label("consigne").uncheck()
    opened.idle()
    assert opened.drawn("locker") == set()


def test_a_decree_link_is_never_a_script(context: playwright.BrowserContext, tmp_path: Path) -> None:
    city = sample.city()
    hostile = sample.zone(decree_url="javascript:window.pwned=1")
    path = tmp_path / "zone.html"
    path.write_text(render_map(type(city)(**{**vars(city), "zones": (hostile,)}), sample.after(), None, {}), "utf-8")
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(READY, timeout=30_000)
    assert page.locator("#switch").is_hidden(), "there is no plan before"
    page.locator("#map").click(position=page.evaluate("(at) => map.project(at)", list(sample.point(2.5, 3.5))))
    assert "javascript:" in page.locator(".popup").inner_text()
    assert page.locator(".popup a").count() == 0
    page.close()


def test_without_webgl_the_panel_still_reads(context: playwright.BrowserContext, file: Path) -> None:
    page = context.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(file.as_uri())
    assert page.locator("#no-map").is_visible()
    page.locator(".tour").first.click()
    assert "1. " in page.locator(".steps").inner_text()
    page.close()
