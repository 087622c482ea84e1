"""What others may make the server connect to: nothing here, in whatever way it is written."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.test import override_settings

from chat.webhooks.call import Answer, post
from chat.webhooks.guard import fault_of, may_connect

#: Ways to write 127.0.0.1, ::1 and the address that stands for all of them; ``{port}`` is a canary's.
SPELLINGS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0x7F.0x00.0x00.0x01:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.0000.0000.0001:{port}/",
    "http://127.0.0.01:{port}/",
    "http://127.255.255.254:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://0x0:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[0000::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::1%25lo]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://127。0。0。1:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://user@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://127.0.0.1:{port}#@example.com/",
    "http://127.0.0.1:{port}?@example.com/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127.0.0.1%2f:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "unix://localhost/run/x.sock",
]
#: Networks that are not the internet, first and last addresses among them.
ADDRESSES = [
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.53",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "::",
    "::1",
    "::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
#: Never even tried: in nobody's list of what can happen to a connection.
REFUSED = {"private_address", "bad_address", "unknown_host"}


class Canary:
    """Listens on every address of this machine and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        four = socket.create_server(("0.0.0.0", 0))  # noqa: S104
        self.port: int = four.getsockname()[1]
        self._sockets = [four, socket.create_server(("::", self.port), family=socket.AF_INET6)]
        for one in self._sockets:
            threading.Thread(target=self._count, args=[one], daemon=True).start()

    def _count(self, listening: socket.socket) -> None:
        while True:
            try:
                visitor, _ = listening.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def close(self) -> None:
        for one in self._sockets:
            one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    running = Canary()
    yield running
    running.close()


def called(url: str) -> Answer:
    return asyncio.run(post(url, headers={}, body=b"{}"))


def own_address() -> str:
    """This machine's address in its network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
    return address


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_this_machine_is_connected_to(canary: Canary, spelling: str) -> None:
    before = canary.visits
    answer = called(spelling.format(port=canary.port))
    assert answer.status is None
    assert answer.error in REFUSED
    assert canary.visits == before


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_outside_the_internet_is_connected_to(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    assert called(f"http://{host}:81/").error == "private_address"
    assert not may_connect(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_the_internet_is(address: str) -> None:
    assert may_connect(address)


def test_the_guard_is_what_kept_the_canary_quiet(canary: Canary) -> None:
    with override_settings(WEBHOOK_PRIVATE_ADDRESSES=True):
        for url in ("http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::ffff:127.0.0.1]:{}/"):
            before = canary.visits
            assert called(url.format(canary.port)).error == "cut"
            assert canary.visits == before + 1


def test_even_where_private_addresses_are_allowed_metadata_services_are_not() -> None:
    with override_settings(WEBHOOK_PRIVATE_ADDRESSES=True):
        assert called("http://169.254.169.254/latest/meta-data/").error == "private_address"
        assert may_connect("10.0.0.1")


def test_a_name_that_answers_differently_each_time_is_checked_where_it_is_connected_to(
    canary: Canary,
) -> None:
    answers = ["93.184.215.14", "127.0.0.1"]

    def rebinding(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    before = canary.visits
    with patch("socket.getaddrinfo", rebinding):
        socket.getaddrinfo("rebinding.example", 80)  # what a look-up before the connection would see
        assert called(f"http://rebinding.example:{canary.port}/").error == "private_address"
    assert canary.visits == before


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1", "127.0.0.1"]],
)
def test_a_public_name_for_a_private_address_is_not_connected_to(
    canary: Canary, addresses: list[str]
) -> None:
    def resolving(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        def family(one: str) -> socket.AddressFamily:
            return socket.AF_INET6 if ":" in one else socket.AF_INET

        return [
            (
                family(one),
                socket.SOCK_STREAM,
                6,
                "",
                (one, port, 0, 0) if family(one) == socket.AF_INET6 else (one, port),
            )
            for one in addresses
        ]

    before = canary.visits
    with patch("socket.getaddrinfo", resolving):
        assert called(f"http://inside.example:{canary.port}/").error == "private_address"
    assert canary.visits == before


def test_this_machines_own_address_is_not_connected_to_even_if_it_is_public(canary: Canary) -> None:
    before = canary.visits
    with patch("chat.webhooks.guard._PRIVATE", []):  # as on a machine whose own address is public
        assert called(f"http://{own_address()}:{canary.port}/").error == "private_address"
    assert canary.visits == before


def test_plain_http_can_be_refused() -> None:
    assert fault_of("http://example.com/hook") == ""
    with override_settings(WEBHOOK_HTTP=False):
        assert fault_of("http://example.com/hook") == "http_refused"
        assert fault_of("https://example.com/hook") == ""
