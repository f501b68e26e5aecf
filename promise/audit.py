"""Whether the ledger adds up: its entries, played again, make the balances and the places that are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from data.model.reservation import Balance, Key
from data.model.stock import StockBalance, lines_of
from data.store import capacity, reservations, stock
from data.store.database import Database


def audit(database: Database) -> list[str]:
    """Return where balances, places and stock are not what the ledger's entries add up to, one line each."""
    with database.read() as connection:
        held, strays = reservations.replay(connection), reservations.strays(connection)
        sold = stock_discrepancies(stock.read_all(connection), reservations.replay_goods(connection))
        return [*discrepancies(capacity.read_all(connection), held, strays), *sold]


def discrepancies(
    balances: Mapping[Key, Balance], held: Mapping[Key, tuple[int, int]], strays: Collection[Key]
) -> list[str]:
    """Return where balances are not what the ledger's entries add up to, one line each; nothing where all is right.

    Parameters
    ----------
    balances : mapping
        As stored.
    held : mapping
        Parcels and dm3 that the entries hold, by the capacity they name.
    strays : collection of Key
        Orders whose place now is not that of their last entry.
    """
    parcels, dm3 = Counter[Key](), Counter[Key]()
    lines = [f"{'/'.join(key)}: its place is not that of its last entry" for key in strays]
    for key, (some, volume) in held.items():
        level = key
        while level.id and level in balances:
            parcels[level] += some
            dm3[level] += volume
            level = level._replace(id=balances[level].parent_id)
        if level.id:
            lines.append(f"{'/'.join(level)}: reserved from, but never published")
    for key, balance in balances.items():
        replayed = balance.replace(reserved_parcels=0, reserved_dm3=0).debited(parcels[key], dm3[key])
        if replayed != balance:
            lines.append(_differs(key, balance, replayed))
    return lines


def stock_discrepancies(stocks: Mapping[Key, StockBalance], held: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield where stock is not what the entries hold of it; ``held`` are their tenants, shippers and goods."""
    units = Counter[Key]()
    for tenant, shipper, goods in held:
        for line in lines_of(goods):
            for name in line.levels:
                units[Key(tenant, shipper, name)] += line.quantity
    for key, shelf in stocks.items():
        replayed = shelf.replace(reserved=units[key]).settled()
        if replayed != shelf:
            yield _differs(key, shelf, replayed)


def _differs(key: Key, stored: object, replayed: object) -> str:
    return f"{'/'.join(key)}: {stored} is stored, the entries make it {replayed}"
