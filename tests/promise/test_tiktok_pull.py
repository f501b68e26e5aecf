"""A TikTok shop is followed, on both stores: each order once, whatever its API does; alarms where it is not told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from data.model.reservation import Owner
from data.model.stored_order import OrderState
from data.store import channels, contacts, orders
from data.store.channels import FetchState, HandoverState
from data.store.tables_channels import channel_handovers, channel_orders
from promise.compat.channel import Channel, ChannelKind, ChannelSettings
from promise.compat.inbox import Inbox
from promise.compat.tiktok_client import ApiError, TikTokClient
from promise.compat.tiktok_pull import ORDER_TRIES, Puller
from promise.compat.tiktok_values import Detail
from promise.intake.desk import OrderDesk
from tests import fake_tiktok
from tests.fake_tiktok import FakeTikTok
from tests.promise.order_house import notices, taking
from tests.promise.small_house import AT, SHOP, Clock
from tests.store.conftest import new_url, server, url  # noqa: F401

SETTINGS = ChannelSettings(
    kind=ChannelKind.TIKTOK,
    shipper=SHOP.shipper,
    secret=SecretStr(fake_tiktok.SECRET),
    app_key=fake_tiktok.KEY,
    access_token=SecretStr(fake_tiktok.TOKEN),
    carrier_id="7117",
)


class Still(Puller):
    """A puller whose thread does nothing: tests say when."""

    def _run(self) -> None:
        pass


class Deaf(TikTokClient):
    """An API that does nothing it is asked."""

    wrong: ApiError | None = ApiError("channel_refuses", "no", None)

    def orders(self, ids: Sequence[str]) -> dict[str, Detail]:
        """Return nothing."""
        if self.wrong:
            raise self.wrong
        return {}

    def ship(self, package_id: str, tracking: str) -> None:
        """Refuse."""
        assert self.wrong
        raise self.wrong


@contextmanager
def following(
    url: str,  # noqa: F811
    api: str = "",
    clock: Clock | None = None,
) -> Iterator[tuple[OrderDesk, Still]]:
    """Yield a desk and who follows the shop: with a fake's URL, else with an API that is deaf."""
    with taking(url, clock) as desk:
        shop = Channel("live", SHOP.tenant, SETTINGS.model_copy(update={"api_url": api or "http://127.0.0.1:9"}))
        kind = TikTokClient if api else Deaf
        puller = Still(Inbox(desk), shop, kind(shop, lambda: desk.desk.now_s))
        yield desk, puller
        puller.close()


def want(desk: OrderDesk, *ids: str) -> None:
    """Make orders due, as their notices do."""
    for one in ids:
        desk.ledger.write(lambda t, one=one: channels.want(t, SHOP, "live", one, desk.desk.now_s)).result()


def states(desk: OrderDesk) -> dict[str, str]:
    """Return what came of the shop's orders."""
    with desk.database.read() as connection:
        return {row.order_id: row.state for row in connection.execute(channel_orders.select())}


def test_a_crowd_of_orders_is_taken_once_each(url: str) -> None:  # noqa: F811
    fake = FakeTikTok(busy_every=4, retry_after="0.01")
    ids = [f"t{number}" for number in range(120)]
    for one in ids:
        fake.put(one, recipient_address={"postal_code": "44300", "address_line1": "3 rue du Nord"})
    with fake_tiktok.listening(fake) as api, following(url, api) as (desk, puller):
        want(desk, *ids, *ids[::3])
        while puller.fetch():
            pass
        assert set(states(desk).values()) == {FetchState.TAKEN}
        with desk.database.read() as connection:
            assert len(orders.page(connection, SHOP, most=1000)) == len(ids)
        want(desk, *ids[:5])
        while puller.fetch():
            pass
        assert desk.clerk.taken == len(ids) and desk.ledger.check() == []
        assert max(map(len, fake.calls)) <= 50 and fake.busy and not fake.refused
        assert all(one.step == 1 for one in desk.clerk.places(SHOP, ids).values())


def test_an_order_that_changes_while_it_is_fetched_is_fetched_again(url: str) -> None:  # noqa: F811
    fake = FakeTikTok()
    fake.put("t1")
    with fake_tiktok.listening(fake) as api, following(url, api) as (desk, puller):
        want(desk, "t1")
        plain = fake.answer

        def meanwhile(*call: object) -> object:
            told = plain(*call)  # type: ignore[arg-type]
            if len(fake.calls) == 1:
                fake.put("t1", "CANCELLED")
                want(desk, "t1")
            return told

        fake.answer = meanwhile  # type: ignore[assignment, method-assign]
        assert puller.fetch()
        assert states(desk) == {"t1": FetchState.DUE}
        assert puller.fetch() and states(desk) == {"t1": FetchState.CANCELLED}
        with desk.database.read() as connection:
            assert orders.load(connection, SHOP, ("t1",))["t1"].state is OrderState.CANCELLED


def test_what_the_channel_does_not_know_is_given_up_with_an_alarm(url: str) -> None:  # noqa: F811
    clock = Clock()
    with following(url, clock=clock) as (desk, puller):
        want(desk, "t1")
        for _ in range(ORDER_TRIES):
            assert not puller.fetch()
            clock.move(seconds=600)
        assert states(desk) == {"t1": FetchState.FAILED}
        (alarm,) = notices(desk, "channel.alarm")
        assert json.loads(alarm.body)["code"] == "channel_refuses"
        want(desk, "t1")
        assert states(desk) == {"t1": FetchState.DUE}


def test_an_api_that_is_away_loses_nothing(url: str) -> None:  # noqa: F811
    clock = Clock()
    with following(url, clock=clock) as (desk, puller):
        puller._client.wrong = ApiError("channel_busy", "429", 120.0)  # type: ignore[attr-defined]
        want(desk, "t1")
        for _ in range(ORDER_TRIES + 3):
            puller.fetch()
            clock.move(seconds=30)
        assert puller.calls_failed <= 5  # it waits as long as it was told to
        assert states(desk) == {"t1": FetchState.DUE} and not notices(desk, "channel.alarm")


def test_a_hand_over_nobody_hears_of_raises_an_alarm_and_goes_on(url: str) -> None:  # noqa: F811
    clock = Clock()
    with following(url, clock=clock) as (desk, puller):
        one = channels.Handover(channel="live", order_id="t1", packages='["P1"]', due_s=int(AT.timestamp()))
        desk.ledger.write(lambda t: channels.expect(t, SHOP, one, 1)).result()
        for _ in range(6):
            puller.tell()
            clock.move(seconds=300)
        assert [json.loads(one.body)["code"] for one in notices(desk, "channel.alarm")] == ["channel_refuses"]
        assert puller.tell_failures == 6
        with desk.database.read() as connection:
            (row,) = connection.execute(channel_handovers.select())
        assert row.state == HandoverState.OPEN and row.alarmed_s > 0
        assert puller.figures()["handovers_open"] == 1


def test_two_servers_tell_each_hand_over_once(url: str) -> None:  # noqa: F811
    fake, now_s = FakeTikTok(), int(AT.timestamp())
    ids = [f"t{number}" for number in range(20)]
    for one in ids:
        fake.put(one)
    with fake_tiktok.listening(fake) as api, following(url, api) as (desk, first):
        shop = first._shop
        second = Still(Inbox(desk), shop, TikTokClient(shop, lambda: desk.desk.now_s))
        for one in ids:
            due = channels.Handover(channel="live", order_id=one, packages=f'["P{one}"]', due_s=now_s)
            desk.ledger.write(lambda t, due=due: channels.expect(t, SHOP, due, now_s)).result()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda puller: puller.tell(), (first, second)))
        second.close()
        assert first.told + second.told == len(ids) == len(fake.shipped)
        assert {times for *_, times in fake.shipped.values()} == {1}
        assert first.figures()["handovers_told"] == len(ids)


def test_an_attempt_that_took_too_long_changes_nothing_any_more(url: str) -> None:  # noqa: F811
    with following(url) as (desk, _):
        due = channels.Handover(channel="live", order_id="t1", due_s=100)
        write = desk.ledger.write
        write(lambda t: channels.expect(t, SHOP, due, 1)).result()
        slow = write(lambda t: channels.begin(t, SHOP, due, 220, 100)).result()
        assert slow is not None
        assert write(lambda t: channels.begin(t, SHOP, slow, 300, 219)).result() is None  # it has until then
        write(lambda t: channels.expect(t, SHOP, due.replace(due_s=90), 150)).result()
        assert write(lambda t: channels.begin(t, SHOP, due, 300, 219)).result() is None
        quick = write(lambda t: channels.begin(t, SHOP, slow, 340, 220)).result()
        assert quick is not None and quick.tries == 2
        assert not write(lambda t: channels.tell_again(t, SHOP, slow, 999, 221)).result()
        assert not write(lambda t: channels.close(t, SHOP, slow, HandoverState.TOLD, 221)).result()
        assert write(lambda t: channels.close(t, SHOP, quick, HandoverState.TOLD, 222)).result()


@pytest.mark.parametrize("owner", [Owner("carrier", "other"), SHOP])
def test_a_shop_is_erased_alone(url: str, owner: Owner) -> None:  # noqa: F811
    fake = FakeTikTok()
    fake.put("t1")
    with fake_tiktok.listening(fake) as api, following(url, api) as (desk, puller):
        want(desk, "t1")
        puller.fetch()
        with desk.database.write() as t:
            assert contacts.erase_channel(t, owner, "live") == (owner == SHOP)
            assert contacts.erase_channel(t, owner, "other") == 0
