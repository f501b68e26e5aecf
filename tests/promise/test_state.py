"""A state file becomes a snapshot, or says what is wrong with it and where."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from data import codec
from data.errors import InputError
from data.model.promise import QuoteRequest
from data.model.promise_state import PromiseState
from promise.hub import HubState, handover_cdf
from promise.quote import quote
from promise.state import hand_over, snapshot_of

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "samples" / "promise.json"
POSTCODES = ("44000", "67000", "57000", "75011")
Json = dict[str, Any]


def sample() -> Json:
    return dict(msgspec.json.decode(SAMPLE.read_bytes()))


def state_of(document: Json) -> PromiseState:
    return codec.decode(msgspec.json.encode(document), PromiseState, "state.json")


def dates(document: Json, later_s: int = 0) -> list[date]:
    """Return every date the state gives, option by option, place by place."""
    state = state_of(document)
    snapshot, now = snapshot_of(state), state.at + timedelta(seconds=later_s)
    return [one.date for postcode in POSTCODES for one in quote(snapshot, QuoteRequest(postcode=postcode), now)]


def with_load(factor: float) -> Json:
    document = sample()
    for hub in document["hubs"]:
        hub["backlog"] = [round(count * factor) for count in hub["backlog"]]
        for flow in hub["inflow"]:
            flow["parcels"] = flow["parcels"] * factor
    return document


def test_a_burst_moves_dates_later_only() -> None:
    by_load = [dates(with_load(factor)) for factor in (0.1, 0.5, 1, 2, 5)]
    for lighter, heavier in pairwise(by_load):
        assert all(one <= other for one, other in zip(lighter, heavier, strict=True))
    assert by_load[0] < by_load[-1]


def test_a_higher_floor_or_a_cheaper_day_is_never_earlier() -> None:
    def priced(**costs: object) -> list[date]:
        return dates({**sample(), "costs": costs})

    runs = [
        priced(day_cents=100, floor=0.7),
        priced(day_cents=50, floor=0.9),
        priced(day_cents=10, floor=0.92),
        priced(day_cents=1, floor=0.97),
    ]
    for looser, stricter in pairwise(runs):
        assert all(one <= other for one, other in zip(looser, stricter, strict=True))
    assert runs[0] < runs[-1]


def test_later_curves_win_and_tables_fill_in() -> None:
    document = sample()
    document["curves"] = [
        {"option": "home", "within": [0.0, 1.0]},
        {"option": "home", "areas": ["reze"], "within": [0.5, 0.75, 1.0]},
        {"option": "home", "areas": ["reze"], "hubs": ["nantes"], "within": [1.0]},
    ]
    snapshot = snapshot_of(state_of(document))
    reze, metz, home = 2, 4, 0
    assert snapshot.quality[:, reze, home].tolist() == [0, 0] and snapshot.quality[:, metz, home].tolist() == [1, 1]
    assert snapshot.quality[:, :, 1].min() == 3 and snapshot.quality[:, :, 3].min() == 2  # nothing; a carrier's word
    late = snapshot.ontime[:, 0, 0, reze, home, -1]
    assert late == pytest.approx([1.0, 1.0], abs=1e-6)


def test_an_epoch_has_the_chance_of_its_last_order() -> None:
    state = state_of(sample())
    load, now_s = state.hubs[0], int(state.at.timestamp())
    hub = HubState(load.schedule, np.array(load.backlog), np.array(load.class_shares))
    parcels = np.full((20, 3 * 288), 4.0, np.float32)
    found = hand_over(hub, parcels, now_s, 900, seed=3)
    assert found.begins_s is not None and found.begins_s[:2].tolist() == [now_s, now_s + 900]
    cutoffs_s = found.departures.cutoffs_s
    assert set(cutoffs_s[cutoffs_s < now_s + 86_400].tolist()) <= set(found.begins_s.tolist())
    for epoch, end_s in enumerate((found.begins_s[1:] - 1).tolist()):
        assert (found.cdf[epoch] == handover_cdf(hub, parcels, now_s, end_s, 3).cdf).all()
    assert (found.cdf[0] <= handover_cdf(hub, parcels, now_s, now_s, 3).cdf).all()


def test_the_facts_tell_how_full_the_hubs_are() -> None:
    snapshot = snapshot_of(state_of(sample()))
    busy, calm = (hub.facts[0] for hub in snapshot.hubs)
    assert busy.startswith("hub nantes at 1") and " until " in busy
    assert calm.startswith("hub strasbourg at ") and " until " not in calm


def _set(document: Json, path: str, value: object) -> Json:
    *parents, last = [int(word) if word.isdigit() else word for word in path.split("/")]
    node: Any = document
    for word in parents:
        node = node[word]
    if isinstance(last, int) and last == len(node):
        node.append(value)
    else:
        node[last] = value
    return document


WRONG = [
    ("hubs/1/schedule/hub_id", "nantes", "duplicate_id", "#/hubs/1/schedule/hub_id"),
    ("options/2/id", "home", "duplicate_id", "#/options/2/id"),
    ("areas/1/id", "reze", "duplicate_id", "#/areas/2/id"),
    ("areas/1/postcodes", ["44900", "44000"], "duplicate_id", "#/areas/1/postcodes/1"),
    ("areas/0/cells", ["44000"], "invalid_cell", "#/areas/0/cells/0"),
    ("areas/0/cells", ["8a1fb46622dffff"], "invalid_cell", "#/areas/0/cells/0"),
    ("areas/0/region", "Bretagne", "invalid_value", "#/areas/0"),
    ("curves/0/option", "hoem", "unknown_option", "#/curves/0/option"),
    ("curves/3/areas/0", "nantes", "unknown_area", "#/curves/3/areas"),
    ("curves/3/hubs", ["paris"], "unknown_hub", "#/curves/3/hubs"),
    ("pools/0/areas/0", "rez", "unknown_area", "#/pools/0/areas"),
    ("pools/0/options", ["hom"], "unknown_option", "#/pools/0/options"),
    ("hubs/0/schedule/waves/0/areas", ["rezé"], "unknown_area", "#/hubs/0/schedule/waves/0/areas"),
    ("options/0/carrier", "dash", "no_wave", "#/options/0/carrier"),
    ("hubs", [], "invalid_value", "#/hubs"),
    ("format", "jalon.promise/9", "invalid_value", "#/format"),
    ("optoins", [], "unknown_key", "#"),
    ("curves/0/within", [0.9, 0.2], "invalid_value", "#/curves/0"),
]


@pytest.mark.parametrize(("path", "value", "code", "where"), WRONG, ids=[f"{w[2]}-{w[0]}" for w in WRONG])
def test_what_is_wrong_and_where(path: str, value: object, code: str, where: str) -> None:
    with pytest.raises(InputError) as told:
        snapshot_of(state_of(_set(sample(), path, value)))
    assert told.value.code == code
    assert told.value.where.removeprefix("state.json") == where
    assert told.value.message and told.value.action


def test_all_hubs_have_the_same_classes() -> None:
    document = sample()
    document["hubs"][1] |= {"backlog": [1], "class_shares": [1.0]}
    with pytest.raises(InputError) as told:
        snapshot_of(state_of(document))
    assert (told.value.code, told.value.where) == ("uneven_classes", "#/hubs/1/backlog")
