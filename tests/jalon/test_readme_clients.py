"""The README's snippets for other people's clients, run as they are printed, against a live server."""

from __future__ import annotations

import gc
import re
import warnings
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.jalon.compat_server import SPOTS, Live

SECTION = "## Point your TMS at it"


def test_every_snippet_runs(compat: Live) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if SECTION not in readme:
        pytest.skip(f"README.md has no section {SECTION}")
    section = readme.split(SECTION)[1].split("\n## ")[0]
    setting, *snippets = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert len(snippets) >= 3
    names: dict[str, Any] = {}
    exec(setting, names)
    assert names.keys() >= {"server", "depot", "homes"}
    names |= {"server": compat.url, "depot": SPOTS[0], "homes": SPOTS[1:3]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # both clients leave their connections to the collector
        for snippet in snippets:
            exec(snippet, names)
        assert names["plan"]["code"] == names["solution"]["code"] == 0
        assert len(names["table"].durations) == 3 and len(names["route"].geometry) > 2
        names.clear()
        gc.collect()
    assert not compat.defects()
