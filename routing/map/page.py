"""One HTML file with everything in it: scripts, styles and data, no network, no tiles, no fonts.

User text reaches the page through JSON and ``textContent`` alone, and the page's Content-Security-Policy names the
hashes of its own scripts, so that nothing else runs even if a text got out.
"""

from __future__ import annotations

import base64
import hashlib
import html
import importlib.resources
import importlib.util
import json
import re
from collections.abc import Sequence

OSM_ATTRIBUTION = "© contributeurs OpenStreetMap (ODbL)"


def render_page(template: str, scripts: Sequence[str], styles: Sequence[str], title: str, data: object) -> str:
    """Return a page of this folder filled in.

    Parameters
    ----------
    template : str
        The HTML file; it takes ``{{policy}}``, ``{{title}}``, ``{{styles}}``, ``{{data}}`` and ``{{scripts}}``.
    scripts, styles : sequence of str
        Files of this folder, after MapLibre's own.
    title : str
        Plain text.
    data : object
        Plain JSON types, found by the scripts in the element ``data``.
    """
    code = [_maplibre("maplibre-gl.js"), *map(_own, scripts)]
    looks = [_maplibre("maplibre-gl.css"), *map(_own, styles)]
    parts = {
        "policy": _policy(code),
        "title": html.escape(title),
        "styles": "\n".join(f"<style>{look}</style>" for look in looks),
        "data": inline_json(data),
        "scripts": "\n".join(f"<script>{script}</script>" for script in code),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _own(template))


def inline_json(value: object) -> str:
    """Return ``value`` as JSON that is inert inside ``<script>``: no ``<``, ``>``, ``&``, U+2028 or U+2029."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _policy(scripts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; worker-src blob:; child-src blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; connect-src data: blob:"
    )


def _own(name: str) -> str:
    return importlib.resources.files("routing.map").joinpath(name).read_text("utf-8")


def _maplibre(name: str) -> str:
    # Importing maplibre would install a log handler: its module object is enough to reach the files.
    spec = importlib.util.find_spec("maplibre")
    if spec is None:
        raise ModuleNotFoundError("the map needs the maplibre package", name="maplibre")
    package = importlib.util.module_from_spec(spec)
    text = importlib.resources.files(package).joinpath("srcjs", name).read_text("utf-8")
    return text.partition("//# sourceMappingURL=")[0]
