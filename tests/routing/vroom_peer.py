"""VROOM itself (pyvroom), where it is installed: an extra that no test needs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]


def peer(document: Json, plan: bool = False) -> Json:
    """Return VROOM's own answer, an error as it prints it; skips the test where pyvroom is absent."""
    vroom = pytest.importorskip("vroom", reason="pyvroom is not installed: pip install .[peers]")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        path.write_text(json.dumps(document))
        try:
            problem = vroom.Input.from_json(path, geometry=False)
            solution = problem.check(1) if plan else problem.solve(exploration_level=5, nb_threads=1)
        except Exception as error:
            if type(error).__name__ != "VroomInputException":
                raise
            return {"code": 2, "error": str(error)}
    answer: Json = solution.to_dict()
    return answer
