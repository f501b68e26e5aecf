"""A VRPLIB or Solomon file, parsed by vrplib: raw values, and the ``file:line`` where each of them stands."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import vrplib

from data.errors import InputError
from jalon.vrp.instance import Number


class VrpFile:
    """A file's raw values, and where in it each of them stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            raise InputError("unreadable_file", f"can't read it: {error.strerror}", str(path)) from None
        if not any(line.strip() for line in self.lines):
            raise InputError("empty_file", "the file is empty", str(path), "expected a VRPLIB or Solomon instance")
        self.solomon = not any("_SECTION" in line for line in self.lines)
        self.values = self._parsed()

    def _parsed(self) -> dict[str, Any]:
        layout = "solomon" if self.solomon else "vrplib"
        try:
            values: dict[str, Any] = vrplib.read_instance(self.path, layout, compute_edge_weights=False)
        except Exception as error:  # whatever a parser trips over: the file is at fault
            number = self._odd_line()
            message = f"not a {'Solomon' if self.solomon else 'VRPLIB'} instance: {error}"
            raise InputError("not_an_instance", message, f"{self.path}:{number}", "check the file's layout") from None
        return {**values, "type": "VRPTW", "depot": np.array([0])} if self.solomon else values

    def _odd_line(self) -> int:
        """Return the first line that is neither ``KEY: value``, a section's title nor numbers."""
        usual = re.compile(r"^\s*([A-Z_a-z]+\s*:.*|[A-Z_]+_SECTION\s*:?|EOF|[-+.\deE\s]*)\s*$")
        if self.solomon:
            return 1
        return next((number for number, line in enumerate(self.lines, 1) if not usual.match(line)), len(self.lines))

    def where(self, key: str, row: int = -1) -> str:
        """Return ``file:line`` of a value, or of a row of its section."""
        title = re.compile(rf"^\s*{key}(_SECTION)?\s*:?", re.IGNORECASE)
        number = next((at for at, line in enumerate(self.lines, 1) if title.match(line)), 1)
        return f"{self.path}:{number + 1 + row}" if row >= 0 else f"{self.path}:{number}"

    def refuse(self, code: str, message: str, key: str, row: int = -1, action: str = "") -> InputError:
        return InputError(code, message, self.where(key, row), action)

    def need(self, key: str) -> Any:
        if key not in self.values:
            message = f"{key.upper()} is missing"
            raise InputError("missing_value", message, str(self.path), "add it, or check its spelling")
        return self.values[key]

    def column(self, key: str, count: int) -> tuple[Any, ...]:
        """Return a section's numbers, or one number for all; ``count`` of them."""
        value = self.values[key]
        if isinstance(value, int | float):
            return (value,) * count
        if isinstance(value, str):
            raise self.refuse("not_a_number", f"{key.upper()} {value!r} is no number", key)
        self._require_rows(key, value, count)
        return tuple(self._number(key, row, entry) for row, entry in enumerate(value))

    def pairs(self, key: str, count: int) -> tuple[tuple[Number, Number], ...]:
        """Return a section's rows of two numbers; ``count`` of them."""
        rows = self.values[key]
        self._require_rows(key, rows, count)
        for row, entry in enumerate(rows):
            if np.shape(entry) != (2,):
                raise self.refuse("wrong_length", f"{list(np.atleast_1d(entry))} are not two numbers", key, row)
        return tuple((self._number(key, row, x), self._number(key, row, y)) for row, (x, y) in enumerate(rows))

    def _number(self, key: str, row: int, entry: Any) -> Number:
        """Return an entry as a number; one word makes vrplib leave its whole section as text."""
        try:
            value = float(entry)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise self.refuse("not_a_number", f"{str(entry)!r} is no number", key, row)
        return int(value) if value.is_integer() else value

    def _require_rows(self, key: str, rows: Any, count: int) -> None:
        if np.ndim(rows) == 0 or len(rows) != count:
            found = len(rows) if np.ndim(rows) else 0
            raise self.refuse("wrong_length", f"{key.upper()} has {found} rows, {count} are needed", key)
