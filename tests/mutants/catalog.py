"""Every kind of mutant, with the one loop that tries them: on sample plans here, on solver plans in the soak form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from random import Random

from routing.verify import Violation
from tests.mutants import assignment, changes, goods, pairs, sums, timeline, trips
from tests.mutants.kinds import KINDS, Json, Mutant

__all__ = ["KINDS", "Mutant", "escaped"]

# Importing a module enters its kinds.
FAMILIES = (assignment, changes, goods, pairs, sums, timeline, trips)


def escaped(
    kind: Mutant, plans: Sequence[Json], tries: int, seed: int, check: Callable[[Json], list[Violation]]
) -> tuple[int, list[str]]:
    """Mutate plans in turn until ``tries`` mutants were made, or 20 rounds of them in a row offered none.

    Parameters
    ----------
    kind : Mutant
        The kind of fault.
    plans : sequence of dict
        Valid published plans, used round after round.
    tries : int
        How many mutants to make at most; a plan the kind does not apply to costs nothing.
    seed : int
        Try t on plan p replays from ``Random(f"{seed}/{kind.name}/{t}")``.
    check : callable
        The checker.

    Returns
    -------
    int
        How many mutants were made.
    list of str
        Those that were not answered with the kind's code: the seed's text, and what was found instead.
    """
    made, survivors, unfit = 0, [], 0
    for t in count():
        if made == tries or unfit == 20 * len(plans):
            break
        name = f"{seed}/{kind.name}/{t}"
        changed = kind(plans[t % len(plans)], Random(name))
        if changed is None:
            unfit += 1
            continue
        made, unfit = made + 1, 0
        codes = {violation.code for violation in check(changed)}
        if kind.code not in codes:
            survivors.append(f"{name} on plan {t % len(plans)}: wanted {kind.code}, got {sorted(codes) or 'nothing'}")
    return made, survivors
