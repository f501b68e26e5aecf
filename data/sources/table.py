"""CSV as people export it: ``;`` or ``,``, French or English headers, decimal commas; errors by file and line."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError, near_miss

MAX_PROBLEMS = 20
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff")
"""How a workbook (.xlsx, .xls) and what Excel calls `Unicode text` (UTF-16) begin."""

_YES = {"1", "y", "yes", "true", "vrai", "o", "oui"}
_NO = {"0", "n", "no", "false", "faux", "non"}


class ManyErrors(InputError):
    """Several problems of one input, one per line, each with its own place and code."""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return place + self.message


@dataclass
class Problems:
    """What is wrong with one input, collected so that a user sees it all at once."""

    found: list[InputError] = field(default_factory=list)

    def add(self, code: str, message: str, where: str, action: str = "") -> None:
        """Note one problem."""
        self.found.append(InputError(code, message, where, action))

    def raise_if_any(self) -> None:
        """Raise the only problem as it is, or one error that lists the first 20."""
        if len(self.found) > 1:
            lines = [str(problem) for problem in self.found[:MAX_PROBLEMS]]
            if len(self.found) > MAX_PROBLEMS:
                lines.append(f"... and {len(self.found) - MAX_PROBLEMS} more")
            first = self.found[0]
            message = "\n  ".join([f"{len(self.found)} problems:", *lines])
            raise ManyErrors(first.code, message, first.where)
        if self.found:
            raise self.found[0]


@dataclass(frozen=True)
class Row:
    """One line of a table, or one feature's properties: text by canonical column name, trimmed.

    ``where`` says where it stands, as ``file:line`` or a JSON pointer.
    """

    cells: Mapping[str, str]
    where: str
    problems: Problems

    def text(self, column: str) -> str:
        """Return the cell, empty where there is none."""
        return self.cells.get(column, "")

    def wrong(self, code: str, message: str, action: str = "") -> None:
        """Note a problem of this row."""
        self.problems.add(code, message, self.where, action)

    def number(self, column: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Return the cell as a number, ``None`` where it is empty or wrong (then noted)."""
        text = self.text(column)
        if not text:
            return None
        value = parse_number(text)
        if value is None:
            self.wrong("invalid_number", f"{column} is not a number: `{text}`", "write it like 12.5 or 12,5")
        elif not low <= value <= high:
            self.wrong("out_of_range", f"{column} is {text}, expected {low:g} to {high:g}")
            return None
        return value

    def whole(self, column: str, low: int = 0, high: int = 2_000_000_000) -> int | None:
        """Return the cell as a whole number, ``None`` where it is empty or wrong (then noted)."""
        value = self.number(column, low, high)
        if value is not None and value != int(value):
            self.wrong("invalid_number", f"{column} is {self.text(column)}, expected a whole number")
            return None
        return None if value is None else int(value)

    def flag(self, column: str, default: bool) -> bool:
        """Return a yes/no cell (1/0, true/false, oui/non)."""
        text = self.text(column).casefold()
        if text and text not in _YES | _NO:
            self.wrong("invalid_flag", f"{column} is neither yes nor no: `{text}`", "write yes or no")
        return text in _YES if text else default


def parse_number(text: str) -> float | None:
    """Return a finite number from ``12.5``, ``12,5`` or ``1 234,5``, or ``None``."""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", plain):
        return None
    value = float(plain)
    return value if math.isfinite(value) else None


def canonical(header: str) -> str:
    """Return a header without case, accents and punctuation: ``Code postal`` is ``code_postal``."""
    bare = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", bare.casefold()).strip("_")


def read_text(path: Path) -> str:
    """Return a file's UTF-8 text without its BOM; raises ``InputError`` where that can't be."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError("unreadable_file", error.strerror or str(error), str(path), "check the path") from None
    return text_of(raw, str(path))


def text_of(raw: bytes, source: str) -> str:
    """Return the UTF-8 text of bytes without its BOM; errors name their ``source``.

    Raises
    ------
    InputError
        ``invalid_encoding``, ``empty_file``.
    """
    if raw.startswith(_EXCEL):
        raise InputError("invalid_encoding", "this is an Excel file, no CSV", source, "save it as `CSV UTF-8`")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_utf8(raw, error.start, source) from None
    if not text.strip():
        raise InputError("empty_file", "the file is empty", source, "expected a header line and rows")
    return text


def _no_utf8(raw: bytes, at: int, source: str) -> InputError:
    """Return the error for the first byte that is no UTF-8, shown as the old Windows encoding reads it."""
    begins = raw.rfind(b"\n", 0, at) + 1
    word = re.split(rb"[;,\t\r\n\"]", raw[at:], maxsplit=1)[0]
    start = max(raw.rfind(mark, begins, at) for mark in (b";", b",", b"\t", b'"', b"\n")) + 1
    cell = (raw[max(start, begins) : at] + word).decode("cp1252", errors="replace").strip()
    message = f"not UTF-8: byte {raw[at]:#04x} in `{cell}`, which looks like windows-1252 (latin-1)"
    where = f"{source}:{raw.count(bytes([10]), 0, at) + 1}"
    return InputError("invalid_encoding", message, where, "save it as `CSV UTF-8`")


def read_rows(path: Path, names: Mapping[str, str], required: tuple[str, ...], problems: Problems) -> list[Row]:
    """Read a CSV file into rows with canonical column names.

    Parameters
    ----------
    names : mapping
        From every accepted header (see :func:`canonical`) to the column's own name; an empty name is a column
        that is known and left out.
    required : tuple of str
        Columns that must be there.

    Raises
    ------
    InputError
        ``empty_file``, ``invalid_encoding``, ``unknown_column``, ``missing_column``, ``duplicate_column``.
    """
    return rows_of(read_text(path), str(path), names, required, problems)


def rows_of(
    text: str, source: str, names: Mapping[str, str], required: tuple[str, ...], problems: Problems
) -> list[Row]:
    """Return the rows of CSV text that has come from ``source``; otherwise as :func:`read_rows`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        columns = _columns(next(reader), names, required, f"{source}:1")
        rows: list[Row] = []
        line = reader.line_num + 1
        for cells in reader:
            where, line = f"{source}:{line}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                problems.add(
                    "too_many_cells", f"{len(cells)} cells under {len(columns)} headers", where, "quote the text"
                )
            rows.append(Row({c: cell.strip() for c, cell in zip(columns, cells) if c}, where, problems))
    except csv.Error as error:
        raise InputError("invalid_csv", str(error), f"{source}:{reader.line_num}", "check the quotes") from None
    if not rows:
        raise InputError("empty_file", "the file has a header and no rows", source, "add at least one row")
    return rows


def _delimiter(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").splitlines()[0])
    return max(";,\t", key=header.count)


def _columns(header: list[str], names: Mapping[str, str], required: tuple[str, ...], where: str) -> list[str]:
    problems = Problems()
    columns: list[str] = []
    for cell in header:
        name = canonical(cell)
        column = names.get(name, "")
        if name and name not in names:
            hint = (
                near_miss(name, names) or f"rename or remove it; known: {', '.join(sorted(set(names.values()) - {''}))}"
            )
            problems.add("unknown_column", f"unknown column `{cell.strip()}`", where, hint)
        elif column and column in columns:
            problems.add("duplicate_column", f"two columns give the {column}, the second is `{cell.strip()}`", where)
        columns.append(column)
    for column in required:
        if column not in columns:
            known = ", ".join(f"`{name}`" for name, target in names.items() if target == column)
            problems.add("missing_column", f"no column for the {column}", where, f"add one of {known}")
    problems.raise_if_any()
    return columns
