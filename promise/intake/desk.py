"""The desk that orders come to: taking, changing and showing them, and finding their addresses."""

from __future__ import annotations

from typing import Self

from promise.desk import Desk
from promise.intake.change import Changes
from promise.intake.clerk import Clerk
from promise.intake.locate import Locating, Locator
from promise.intake.terms import Owed
from promise.intake.view import Views


class OrderDesk:
    """An open desk for orders, on top of the one for dates.

    Parameters
    ----------
    locator : optional
        Finds addresses; without it orders that bring no coordinates stay ``unlocated``.
    """

    def __init__(self, desk: Desk, locator: Locator | None = None) -> None:
        options = desk.state.options
        self.desk, self.database, self.ledger = desk, desk.database, desk.ledger
        owed = Owed(desk.quotes, desk.balances, options)
        self.clerk = Clerk(desk.database, desk.quotes, owed, desk.ledger, options, desk.shown, desk.hold_s)
        self.changes = Changes(desk.database, desk.quotes, owed, desk.ledger, options, desk.hold_s)
        self.locating = (
            Locating(desk.database, desk.ledger, locator, lambda: desk.now_s) if locator is not None else None
        )
        self.views = Views(desk.database, self.clerk, self.locating)

    def wake(self) -> None:
        """Look for new addresses now."""
        if self.locating is not None:
            self.locating.wake()

    def figures(self) -> dict[str, float]:
        """Return what it has done since it was opened."""
        found: dict[str, float] = {"taken": self.clerk.taken, "moved": self.clerk.moved, "refused": self.clerk.refused}
        if self.locating is not None:
            located = self.locating
            found |= {"located": located.found, "doubtful": located.doubtful, "locating_failures": located.failures}
        return found

    def close(self) -> None:
        """Stop."""
        if self.locating is not None:
            self.locating.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
