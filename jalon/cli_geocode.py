"""``jalon geocode``: addresses of a CSV in, points out; ``jalon city ban``: the register of an invented city."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from data import clock
from data.cityfile import read_city
from data.codec import write_whole
from data.model.address import Address, Located
from data.sources.ban import read_ban
from data.sources.geocode_ban import BanGeocoder
from data.sources.orders_row import COLUMNS as ORDER_COLUMNS
from data.sources.table import Problems, Row, read_rows
from data.synthetic.ban import doors, write_ban
from jalon.inputs import require_writable
from jalon.options import JsonOption
from jalon.terminal import print_json, say

SHOWN = 20
OUT = (
    *("id", "address", "postcode", "city", "lat", "lon", "score", "level", "citycode", "label"),
    *("doubtful", "reason", "suggestions"),
)
_READ = {"order": "id", **{name: name for name in ("address", "postcode", "city")}}
_COLUMNS = {name: _READ.get(column, "") for name, column in ORDER_COLUMNS.items()}


def geocode(
    addresses: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with an address column; postcode, city and id if there are.")
    ],
    ban: Annotated[
        Path,
        typer.Option("--ban", metavar="BAN", help="The address register (BAN): adresses-XX.csv[.gz], or a folder."),
    ],
    to: Annotated[Path | None, typer.Option("--to", metavar="OUT", help="Where the rows go, CSV; else stdout.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find the addresses of a file in the address register.

    Every row gets its point, a score, how near to the door the point is, the INSEE code and the official spelling.
    Doubtful ones are listed with what may be meant; where no street was found there is no point at all.
    """
    require_writable(*([to] if to else []))
    rows = _rows(addresses)
    geocoder = BanGeocoder(read_ban(ban))
    began_s = clock.elapsed_s()
    asked = [Address(text=row.text("address"), postcode=row.text("postcode"), city=row.text("city")) for row in rows]
    found = geocoder.locate(asked)
    seconds = clock.elapsed_s() - began_s
    if to:
        write_whole(to, _table(rows, found).encode())
    elif not as_json:
        sys.stdout.write(_table(rows, found))
    doubtful = [(row, one) for row, one in zip(rows, found, strict=True) if one.doubtful]
    if as_json:
        print_json(
            {
                "addresses": len(rows),
                "doubtful": len(doubtful),
                "seconds": round(seconds, 3),
                "path": str(to) if to else None,
                "rows": [_told(row, one) for row, one in zip(rows, found, strict=True)],
            }
        )
    for row, one in doubtful[:SHOWN]:
        meant = "; ".join(other.label for other in one.suggestions) or "nothing like it"
        say("doubtful", f"{row.where}: `{row.text('address')}` ({one.reason.replace('_', ' ')}): {meant}", "yellow")
    if len(doubtful) > SHOWN:
        say("doubtful", f"... and {len(doubtful) - SHOWN} more", "yellow")
    say("found", f"{len(rows) - len(doubtful)} of {len(rows)} addresses, {len(doubtful)} doubtful", "bold")


def ban(
    path: Annotated[Path, typer.Argument(metavar="CITY", help="A .city file.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The CSV to write.")],
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Another seed names streets anew.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Invent an address register for a city, in the columns of the BAN."""
    require_writable(output)
    found = doors(read_city(path), seed)
    write_ban(found, output)
    streets = len({(door.commune, door.street) for door in found})
    if as_json:
        print_json({"doors": len(found), "streets": streets, "path": str(output)})
    say("written", f"{output}: {len(found)} doors in {streets} streets")


def _rows(path: Path) -> list[Row]:
    problems = Problems()
    rows = read_rows(path, _COLUMNS, ("address",), problems)
    for row in rows:
        for column in ("address", "postcode", "city"):
            if len(row.text(column)) > 512:
                row.wrong("too_long", f"{column} has {len(row.text(column))} characters, 512 is the most")
    problems.raise_if_any()
    return rows


def _table(rows: list[Row], found: list[Located]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, OUT, lineterminator="\n")
    writer.writeheader()
    for row, one in zip(rows, found, strict=True):
        meant = " | ".join(f"{other.label} ({other.lat:.6f}, {other.lon:.6f})" for other in one.suggestions)
        writer.writerow(
            {
                **{name: row.text(name) for name in ("id", "address", "postcode", "city")},
                "lat": "" if one.lat is None else f"{one.lat:.6f}",
                "lon": "" if one.lon is None else f"{one.lon:.6f}",
                "score": one.score,
                "level": one.level or "",
                "citycode": one.citycode,
                "label": one.label,
                "doubtful": "yes" if one.doubtful else "no",
                "reason": one.reason,
                "suggestions": meant,
            }
        )
    return text.getvalue()


def _told(row: Row, one: Located) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one)
    asked = {name: row.text(name) for name in ("address", "postcode", "city")}
    return {"id": row.text("id"), "where": row.where, "asked": asked, "found": told}
