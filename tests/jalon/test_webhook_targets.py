"""Hostile webhook targets: private, redirected, rebound, wrapped; all are refused, and nothing is connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import pytest

from data.errors import InputError
from data.store.deliveries import Delivery
from jalon.webhooks.post import BODY_MAX_BYTES, Answer, HttpPost
from jalon.webhooks.targets import PublicOnly, is_public, require_allowed
from tests.jalon.receiver import BEGIN, SECRET, SHOP, receiving

TLS = ssl.create_default_context()
PRIVATE = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.9.9.9", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::", "fc00::1", "fd12::1"),
    *("fe80::1", "fec0::1", "ff02::1", "3fff::1", "5f00::1", "4000::1"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.0", "2606:4700::1111")
BAD_URLS = (
    *("http://shop.example/x", "ftp://shop.example/x", "file:///etc/passwd", "gopher://shop.example/", "shop.example"),
    *("https://", "https:///x", "https://user@shop.example/", "https://u:p@shop.example/", "https://shop.example/#x"),
    *("https://shop.example:22/", "https://shop.example:80/", "https://shop.example:6379/", "https://shop.example:0/"),
    *("https://shop.example:99999/", "https://localhost/", "https://db/", "https://a.localhost/", "https://x.local/"),
    *("https://metadata.google.internal/", "https://169.254.169.254/latest", "https://127.0.0.1/", "https://[::1]/"),
    *("https://[::ffff:10.0.0.1]/", "https://10.0.0.1:8443/", "https://shop.example/a b", "https://shop.example\\@x/"),
    *(
        "https://shop.example/\n",
        "https://shöp.example/",
        "https://[fe80::1%25eth0]/",
        "https://[/",
        "https://localhost./",
    ),
)


class Wire(httpcore.AsyncNetworkStream):
    """A connection that answers with a fixed reply and keeps what TLS was told."""

    def __init__(self, reply: bytes, names: list[str | None], sent: list[bytes]) -> None:
        self._reply, self._names, self._sent = reply, names, sent

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        part, self._reply = self._reply[:max_bytes], self._reply[max_bytes:]
        return part

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._sent.append(buffer)

    async def aclose(self) -> None:
        pass

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        self._names.append(server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


class Network(httpcore.AsyncNetworkBackend):
    """Notes where it is asked to connect."""

    def __init__(self, reply: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.reply = reply
        self.hosts: list[str] = []
        self.names: list[str | None] = []
        self.sent: list[bytes] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.hosts.append(host)
        return Wire(self.reply, self.names, self.sent)


class Rebinding:
    """A name that means another address each time it is asked for."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def post(resolver: Rebinding, network: Network, url: str = "https://shop.example/notices", body: str = "{}") -> Answer:
    """Return what becomes of an attempt."""
    one = Delivery(1, SHOP, "shop", "msg_1", "promise.moved", body, 0, 0, url, SECRET)
    return asyncio.run(HttpPost(PublicOnly(resolver, network), tls=TLS)(one, BEGIN))


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    network = Network()
    assert post(Rebinding([address]), network).problem.startswith("refused")
    assert post(Rebinding(["8.8.8.8", address]), network).problem.startswith("refused")  # one bad apple
    literal = f"[{address}]" if ":" in address else address
    assert post(Rebinding(["8.8.8.8"]), network, f"https://{literal}/").status == 0
    assert network.hosts == []


def test_what_is_public_is_reached() -> None:
    for address in PUBLIC:
        assert is_public(ipaddress.ip_address(address))
        network = Network()
        assert post(Rebinding([address]), network).is_good
        assert (network.hosts, network.names) == ([address], ["shop.example"])  # TLS is with the name
        assert b"host: shop.example\r\n" in b"".join(network.sent).lower()


def test_a_name_that_changes_its_mind_gains_nothing() -> None:
    network, resolver = Network(), Rebinding(["8.8.8.8"], ["127.0.0.1"])
    assert post(resolver, network).is_good and network.hosts == ["8.8.8.8"] and resolver.asked == 1
    assert post(resolver, network).problem.startswith("refused")
    assert network.hosts == ["8.8.8.8"]


@pytest.mark.parametrize("url", BAD_URLS)
def test_no_such_url(url: str) -> None:
    with pytest.raises(InputError) as told:
        require_allowed(url)
    assert told.value.code == "unusable_url"
    network = Network()
    assert post(Rebinding(["8.8.8.8"]), network, url).status == 0 and network.hosts == []


def test_good_urls() -> None:
    for url in (
        "https://shop.example/n",
        "https://shop.example:8443/n?a=1",
        "https://8.8.8.8/",
        "https://shop.example",
    ):
        require_allowed(url)
    for url in ("http://127.0.0.1:9/x", "http://localhost:1234/", "http://[::1]:8/"):
        require_allowed(url, loopback=True)
    with pytest.raises(InputError):
        require_allowed("http://10.0.0.1/", loopback=True)


def test_redirects_are_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n"
    network = Network(reply)
    assert post(Rebinding(["8.8.8.8"]), network).problem == "answered 302: redirects are not followed"
    assert network.hosts == ["8.8.8.8"]
    with receiving() as shop:
        shop.status = 307
        one = Delivery(1, SHOP, "shop", "msg_1", "k", "{}", 0, 0, shop.url, SECRET)
        assert asyncio.run(HttpPost(loopback=True)(one, BEGIN)).status == 307
        assert shop.paths == ["/notices"]


def test_a_reply_without_end_is_cut_off() -> None:
    endless = Network(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000)
    assert post(Rebinding(["8.8.8.8"]), endless).is_good


def test_a_receiver_that_says_nothing_is_left() -> None:
    class Silent(Network):
        async def connect_tcp(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
            await asyncio.sleep(60)
            raise AssertionError

    one = Delivery(1, SHOP, "shop", "msg_1", "k", "{}", 0, 0, "https://shop.example/", SECRET)
    silent = HttpPost(PublicOnly(Rebinding(["8.8.8.8"]), Silent()), timeout_s=0.05, tls=TLS)
    assert asyncio.run(silent(one, BEGIN)).problem == "no answer within 0.05 s"


def test_a_notice_is_thin() -> None:
    network = Network()
    large = '{"x": "' + "y" * BODY_MAX_BYTES + '"}'
    assert post(Rebinding(["8.8.8.8"]), network, body=large).status == 0 and network.hosts == []
