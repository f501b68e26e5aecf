"""Write an invented day and its burst to files."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from data.codec import encode, write_whole
from data.model.city import City
from data.sources.orders import write_orders_csv
from data.synthetic.live import burst
from data.synthetic.orders import normal_day


def write_sample(
    city: City, day: date, orders: int, burst_orders: int, seed: int, folder: Path, city_path: str = ""
) -> None:
    """Write ``request.json`` to ``folder``, and the burst twice: as ``burst.json`` and as ``burst.csv``.

    ``city_path`` is what the request names as its city file, relative to ``folder``.
    """
    request = normal_day(city, day, orders, seed).replace(city=city_path)
    book = burst(city, request, burst_orders, seed)
    write_whole(folder / "request.json", encode(request, indent=2))
    write_whole(folder / "burst.json", encode(book, indent=2))
    write_orders_csv(book, folder / "burst.csv")
