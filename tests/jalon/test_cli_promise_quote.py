"""``jalon promise quote``: out of the box, in both languages, by its contract; what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from data import codec
from data.model.promise_state import PromiseState
from tests.jalon import town

SAMPLE = town.ROOT / "data" / "samples" / "promise.json"


def test_out_of_the_box(capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("promise", "quote", "--json") == 0
    found = town.checked_against("promise-quote", capsys.readouterr().out)
    assert [one["option_id"] for one in found["promises"]] == ["home", "relay", "locker", "express"]
    assert found["postcode"] == "44000" and found["lat"] is None
    assert {one["quality"] for one in found["promises"]} == {"model", "sla"}
    assert any("hub nantes at 1" in fact for one in found["promises"] for fact in one["facts"])


def test_it_speaks_french_and_english(capsys: pytest.CaptureFixture[str]) -> None:
    for language, words in {"fr": ("livré au plus tard", "novembre"), "en": ("delivered by", "November")}.items():
        assert town.run("promise", "quote", SAMPLE, "--to", "67000", "--lang", language) == 0
        told = capsys.readouterr()
        assert all(word in told.out for word in words) and "J+" in told.out
        assert max(len(line) for line in told.out.splitlines()) <= 80
        assert "hub strasbourg at" in told.err and "hub" not in told.out


def test_what_is_asked_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--option", "locker", "--parcels", "2", "--dm3", "9", "--hub", "strasbourg", "--priority", "0"]
    point = ["--to", "48.58,7.75", "--at", "2026-11-24T20:40", "--confidence", "0.97"]
    assert town.run("promise", "quote", SAMPLE, *words, *point, "--json") == 0
    found = town.checked_against("promise-quote", capsys.readouterr().out)
    (promise,) = found["promises"]
    assert promise["option_id"] == "locker" and promise["hub_id"] == "strasbourg" and promise["confidence"] >= 0.97
    assert (found["postcode"], found["lat"], found["at"]) == (None, 48.58, "2026-11-24T20:40:00+01:00")


@pytest.mark.parametrize(
    ("words", "code", "where"),
    [
        (["--to", "4400"], "not_a_point", "--to"),
        (["--to", "95.0,3.0"], "not_a_point", "--to"),
        (["--at", "2026-11-24T20:00"], "before_state", "--at"),
        (["--at", "soon"], "bad_time", "--at"),
        (["--option", "hoem"], "unknown_option", "#/options/0"),
        (["--hub", "paris"], "unknown_hub", "#/cart/hub_ids/0"),
    ],
)
def test_what_is_refused(words: list[str], code: str, where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("promise", "quote", *words, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert (error["code"], error["where"]) == (code, where)
    assert error["action"]


def test_a_wrong_state_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(SAMPLE.read_text())
    document["curves"][0]["option"] = "hoem"
    wrong = town.write(tmp_path / "state.json", document)
    assert town.run("promise", "quote", wrong, "--json") == 2
    error = town.checked_against("error", capsys.readouterr().out)["error"]
    assert error["where"] == f"{wrong}#/curves/0/option" and error["action"] == "did you mean `home`?"
    assert town.run("promise", "quote", tmp_path / "none.json") == 2


def test_the_format_is_printed_and_the_sample_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert town.run("schema", "promise") == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(schema).validate(json.loads(SAMPLE.read_text()))
    state = codec.read(SAMPLE, PromiseState)
    assert codec.decode(codec.encode(state), PromiseState) == state
