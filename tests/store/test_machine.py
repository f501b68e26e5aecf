"""Any sequence of requests, cuts and crashes: the ledger and a dictionary say the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from data.model.reservation import Owner
from data.model.stock import Stock, StockLine
from promise.ledger import Ledger
from promise.reserve import (
    Change,
    Command,
    Confirm,
    Expire,
    Publish,
    PublishStock,
    Release,
    Reply,
    Request,
    Reserve,
    Shipped,
)
from tests.store.faults import Fault, FaultyDatabase
from tests.store.ledger_model import Model
from tests.store.orders import NOW_S, two_groups

IDS = st.sampled_from([f"o{number}" for number in range(5)])
AREAS = st.sampled_from(["a", "b", "c", "d", "g1"])
PARCELS = st.integers(1, 4)
DM3 = st.sampled_from([0, 0, 30, 60])
TERMS = st.sampled_from(["", "other"])
WAITS = st.sampled_from([0, 30, 60, 300])
SKUS, CHANNELS = st.sampled_from(["mug", "pan"]), st.sampled_from(["", "", "live", "site"])
LINES = st.lists(
    st.builds(StockLine, sku=SKUS, hub_id=st.just("hub"), quantity=st.integers(1, 3), channel=CHANNELS),
    max_size=2,
    unique_by=lambda one: (one.sku, one.channel),
).map(tuple)
RESERVES = st.builds(
    Reserve,
    id=IDS,
    capacity_id=AREAS,
    expires_s=WAITS,  # from when it is sent
    parcels=PARCELS,
    dm3=DM3,
    lines=LINES,
    terms=TERMS,
    force=st.sampled_from([False, False, False, True]),
)
CHANGES = st.builds(Change, id=IDS, capacity_id=AREAS, parcels=PARCELS, dm3=DM3, lines=st.none() | LINES, terms=TERMS)
ENDS = st.builds(lambda kind, name: kind(id=name), st.sampled_from([Confirm, Release, Shipped]), IDS)
SHELVES = st.builds(
    PublishStock,
    stock=st.builds(
        Stock,
        sku=SKUS,
        hub_id=st.just("hub"),
        channel=CHANNELS,
        units=st.none() | st.integers(0, 9),
        oversell=st.booleans(),
    ),
    available=st.booleans(),
)
CAPACITIES = st.builds(
    lambda one, parcels, dm3: Publish(capacity=one.replace(parcels=parcels, dm3=dm3)),
    st.sampled_from(two_groups()),
    st.integers(0, 12),
    st.none() | st.integers(0, 200),
)
RUNS_A_STORE = 50
"""Every run ends with an audit of the whole store, so not all runs share one."""
_tenants = count()


class Machine(RuleBasedStateMachine):
    """A carrier of its own in a store that several runs share."""

    def __init__(self, database: FaultyDatabase, ledger: Ledger) -> None:
        super().__init__()
        self.database, self.ledger = database, ledger
        self.carrier = f"carrier{next(_tenants)}"
        self.shop = Owner(self.carrier, "shop")
        self.model, self.now_s, self.sent, self.agreed = Model(), NOW_S, 0, 0
        self.send(Owner(self.carrier), *(Publish(capacity=one) for one in two_groups()))
        self.send(self.shop, PublishStock(stock=Stock(sku="mug", hub_id="hub", units=8)))

    def send(self, owner: Owner, *commands: Command) -> tuple[Reply, ...]:
        """Send a request and compare its replies with the model's."""
        self.sent += 1
        commands = tuple(
            one.replace(expires_s=self.now_s + one.expires_s) if isinstance(one, Reserve) else one for one in commands
        )
        request = Request(owner=owner, commands=commands, now_s=self.now_s, key=f"key{self.sent}")
        replies = self.answered(request)
        assert self.answered(request) == replies
        expected = [self.model.do(command, self.now_s) for command in commands]
        assert [(one.state, one.refusal) for one in replies] == expected
        return replies

    def answered(self, request: Request) -> tuple[Reply, ...]:
        """Send a request, once more where no reply came, as clients do."""
        try:
            return self.ledger.do(request)
        except Fault:
            return self.ledger.do(request)

    @rule(command=RESERVES)
    def reserve(self, command: Reserve) -> None:
        self.send(self.shop, command)

    @rule(command=CHANGES)
    def change(self, command: Change) -> None:
        self.send(self.shop, command)

    @rule(command=ENDS)
    def end(self, command: Confirm | Release | Shipped) -> None:
        self.send(self.shop, command)

    @rule(command=SHELVES)
    def put_stock(self, command: PublishStock) -> None:
        self.send(self.shop, command)

    @rule(command=CAPACITIES)
    def cut_capacity(self, command: Publish) -> None:
        self.send(Owner(self.carrier), command)

    @rule(commands=st.lists(RESERVES | CHANGES | ENDS | SHELVES, min_size=2, max_size=6))
    def ask_at_once(self, commands: list[Command]) -> None:
        self.send(self.shop, *commands)

    @rule(wait_s=st.sampled_from([20, 60, 200, -90]), swept=st.booleans())  # clocks are set, too
    def wait(self, wait_s: int, swept: bool) -> None:
        self.now_s += wait_s
        if swept:
            self.sent += 1
            self.model.expire(self.now_s)
            self.answered(Request(owner=Owner(""), commands=(Expire(),), now_s=self.now_s))

    @rule(moment=st.sampled_from(["before", "after"]), commits=st.integers(0, 2))
    def break_the_store(self, moment: str, commits: int) -> None:
        self.database.moment, self.database.commits_left = moment, commits

    @invariant()
    def balances_agree(self) -> None:
        if self.agreed == self.sent:
            return  # nothing was asked for since
        self.agreed = self.sent
        assert {one.id: one for one in self.ledger.balances(self.carrier)} == self.model.balances()
        stocks = {(one.sku, one.hub_id, one.channel): one for one in self.ledger.stocks(self.shop)}
        assert stocks == self.model.shelves()

    def teardown(self) -> None:
        self.database.moment = "never"
        assert self.ledger.check() == []


class Stores:
    """The store of a machine: several share one, then comes another."""

    def __init__(self, new_url: Callable[[], str]) -> None:
        self.new_url, self.stack = new_url, ExitStack()
        self.runs = self.requests = 0
        self.last: Machine | None = None

    def machine(self) -> Machine:
        """Return the next machine."""
        self.requests += self.last.sent if self.last else 0
        if self.runs % RUNS_A_STORE == 0:
            self.stack.close()
            self.database = self.stack.enter_context(FaultyDatabase(self.new_url()))
            self.ledger = self.stack.enter_context(Ledger(self.database))
        self.runs += 1
        self.last = Machine(self.database, self.ledger)
        return self.last


def run(new_url: Callable[[], str], runs: int, steps: int, part: int = 0) -> None:
    kept = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    stores = Stores(new_url)

    @seed(part)
    def machine() -> Machine:
        return stores.machine()

    with stores.stack:
        run_state_machine_as_test(machine, settings=kept)
    print(f"seed {part}: {stores.runs} runs of up to {steps} steps, {stores.requests} requests, each sent twice")


def test_the_ledger_is_the_dictionary(new_url: Callable[[], str]) -> None:
    run(new_url, runs=30, steps=25)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_the_ledger_is_the_dictionary_10_000_times(new_url: Callable[[], str], part: int) -> None:
    run(new_url, runs=1_000, steps=50, part=part)
