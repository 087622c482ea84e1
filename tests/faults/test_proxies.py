"""Two server processes behind nginx and behind Caddy, with the product's own files for them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException

from tests.doctor.examining import examined_beside
from tests.harness.cluster import Cluster, on_postgresql
from tests.harness.page import pause
from tests.harness.proxies import CADDY, KINDS, ProxiedTab, Proxy, complaints, trusting
from tests.harness.scale import LATE, scaled
from tests.harness.server import Server, free_port
from tests.harness.tab import Tab
from tests.harness.web import QuietHandler, answering
from tests.people import PASSWORD
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

pytestmark = [pytest.mark.fault]
MEGABYTE = 1024 * 1024
#: Longer than the 75 seconds after which proxies use to end what is quiet.
QUIET = scaled(80, 17)
UPLOAD = scaled(400, 100)
TABS = scaled(40, 12)
#: How long 19 of 20 pages may be away, of which up to 2.5 seconds are the pause that each chooses; more where
#: other tests need the processors too.
LONGEST = scaled(3, 15)
#: How long a message may wait for its answer while one of the servers drains.
ANSWERED = scaled(5, 15)
DRAIN = 30
#: How long a refused body may take, and how much of it may be asked for: Caddy looks at some of it first.
REFUSED_SECONDS, ASKED_FOR = 1.0 + LATE, scaled(1, 4) * MEGABYTE
PART = 64 * 1024
with_caddy = pytest.mark.skipif(
    CADDY is None, reason="LEFT OUT: Caddy is not installed (apt-get install caddy)"
)
KIND = [pytest.param("nginx"), pytest.param("caddy", marks=with_caddy)]
FORMS = [*KIND, pytest.param("caddy in compose", marks=with_caddy)]


@dataclass(frozen=True)
class Site:
    cluster: Cluster
    proxy: Proxy

    @property
    def servers(self) -> list[Server]:
        return self.cluster.servers

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.proxy.origin, verify=False, timeout=30, **options)  # noqa: S501

    def tab(self, name: str = "alice") -> ProxiedTab:
        return ProxiedTab(self.servers[0], name, self.proxy)


@pytest.fixture(scope="module", params=KIND)
def site(
    request: pytest.FixtureRequest,
    simulator: SimulatorProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    proxy = Proxy(folder / "proxy", free_port(), KINDS[request.param])
    cluster = Cluster(folder, simulator.url, PUBLIC_URL=proxy.origin)
    for server in cluster.servers:
        server.drain = DRAIN
    with cluster, proxy.run([server.port for server in cluster.servers]):
        yield Site(cluster, proxy)


@pytest.mark.parametrize("kind", FORMS)
def test_the_proxy_takes_the_file_without_a_complaint(kind: str, tmp_path: Path) -> None:
    assert complaints(kind, tmp_path) == ""


class Nothing(QuietHandler):
    """Answers whatever it is asked, without a word."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()


@pytest.mark.parametrize("kind", FORMS)
def test_no_log_has_the_signature_in_the_address_of_a_file(kind: str, tmp_path: Path) -> None:
    """Neither of what was answered nor of what failed; the proxy logs both, or only what failed."""
    proxy = Proxy(tmp_path / "proxy", free_port(), KINDS[kind])
    headers = {"Referer": f"{proxy.origin}/?signature=of-the-page"}
    options: dict[str, Any] = {"base_url": proxy.origin, "verify": False, "timeout": 30, "headers": headers}
    with answering(Nothing) as upstream:
        port = int(upstream.rpartition(":")[2])
        with proxy.run([port]), httpx.Client(**options) as client:
            answered = client.get("/media/answered.png?expires=1&signature=of-the-file")
            assert answered.status_code == 204
    with proxy.run([free_port()]), httpx.Client(**options) as client:
        failed = client.get("/media/failed.png?expires=1&signature=of-the-file")
        assert failed.status_code in (502, 503)
        wait_until(lambda: "/media/failed.png" in proxy.log)
    assert "of-the-" not in proxy.log


def log_in(client: httpx.Client, password: str, username: str = "alice", **headers: str) -> httpx.Response:
    page = client.get("/accounts/login/", headers=headers)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text[:500]
    return client.post(
        "/accounts/login/",
        data={"login": username, "password": password, "csrfmiddlewaretoken": token[1]},
        headers={"Referer": str(page.url), **headers},
    )


@on_postgresql
def test_a_person_logs_in_and_reads_a_page_with_its_files(site: Site) -> None:
    with site.client() as client:
        answer = log_in(client, PASSWORD)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        assert "Secure" in answer.headers["Set-Cookie"]
        page = client.get("/")
        assert (page.status_code, page.headers["Content-Encoding"]) == (200, "gzip")
        assert "max-age" in page.headers["Strict-Transport-Security"]


@on_postgresql
def test_a_reply_streams_while_it_is_made(site: Site) -> None:
    async def scene() -> None:
        async with site.tab() as tab:
            sent = await tab.send("sim:tokens=120,rate=20,seed=3")
            reply = sent["message"]["reply"]["id"]
            await tab.wait(lambda: reply in tab.heard and tab.heard[reply].text)
            assert not tab.heard[reply].status
            assert (await tab.ended(reply)).text == expected_text(120, 3)
            assert len([frame for frame in tab.frames if frame["type"] == "reply.delta"]) > 20

    asyncio.run(scene())


@on_postgresql
def test_a_quiet_socket_stays_open(site: Site) -> None:
    async def scene() -> None:
        async with site.tab() as tab:
            await asyncio.sleep(QUIET)
            sent = await tab.send("sim:tokens=5,seed=1")
            await tab.ended(sent["message"]["reply"]["id"])

    asyncio.run(scene())


async def upload(site: Site, *, chunked: bool) -> tuple[bytes, float, int]:
    """A large body from somebody unknown, who listens while sending: the answer's first line, the seconds
    until it came, and how many bytes of the body were sent by then."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {UPLOAD * MEGABYTE}"
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: localhost:{site.proxy.port}\r\n{length}\r\n\r\n"
    part = (b"%x\r\n" % PART if chunked else b"") + bytes(PART) + (b"\r\n" if chunked else b"")
    reader, writer = await asyncio.open_connection("localhost", site.proxy.port, ssl=trusting())
    begun, sent = time.monotonic(), 0
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readline())
    with suppress(ConnectionError):  # the answer has come before that
        while sent < UPLOAD * MEGABYTE:
            # Who has declared the length gives the answer a moment before more is sent.
            await asyncio.wait({answer}, timeout=0 if chunked else 0.05)
            if answer.done():
                break
            writer.write(part)
            await writer.drain()
            sent += PART
    line = await asyncio.wait_for(answer, 30)
    writer.transport.abort()
    return line, time.monotonic() - begun, sent


@on_postgresql
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_and_costs_the_servers_nothing(site: Site, chunked: bool) -> None:
    before = [server.memory for server in site.servers]
    answer, seconds, sent = asyncio.run(upload(site, chunked=chunked))
    grown = [server.memory - earlier for server, earlier in zip(site.servers, before, strict=True)]
    print(f"{answer!r} after {seconds:.2f} s and {sent >> 10} KB; grown by {[g >> 10 for g in grown]} KB")
    assert answer.startswith(b"HTTP/1.1 413")
    assert chunked or (seconds <= REFUSED_SECONDS and sent <= ASKED_FOR)
    assert max(grown) < 10 * MEGABYTE


BROKEN = {
    "a chunk without a length": b"Transfer-Encoding: chunked\r\n\r\nno length\r\n",
    "a body that is cut": b"Content-Length: 100\r\n\r\nonly this",
    "a body that is too large": b"Transfer-Encoding: chunked\r\n\r\n3000000\r\n" + bytes(0x3000000),
    "heads that are too large": b"".join(b"X-%d: %s\r\n" % (one, b"a" * 15_000) for one in range(3))
    + b"\r\n",
    "a length that is none": b"Content-Length: -1\r\n\r\n",
}


@on_postgresql
@pytest.mark.parametrize("fault", BROKEN)
def test_what_a_stranger_sends_takes_no_server_from_anybody(site: Site, fault: str) -> None:
    head = f"POST /accounts/login/ HTTP/1.1\r\nHost: localhost:{site.proxy.port}\r\n".encode()

    async def send() -> None:
        _, writer = await asyncio.open_connection("localhost", site.proxy.port, ssl=trusting())
        writer.write(head + BROKEN[fault])
        with suppress(ConnectionError):
            await asyncio.wait_for(writer.drain(), 10)
            await asyncio.sleep(0.1)
        writer.transport.abort()

    async def scene() -> None:
        for _ in range(2 * len(site.servers)):
            await send()

    asyncio.run(scene())
    with site.client() as client:
        # A server's own refusal; what is not a GET no proxy tries again elsewhere.
        assert {client.post("/healthz").status_code for _ in range(4)} == {403}


@on_postgresql
def test_what_a_client_says_of_its_address_does_not_count(site: Site) -> None:
    """Ten wrong passwords from one address have to wait, whatever addresses it makes up."""
    with site.client() as client:
        said = []
        for number in range(14):
            made_up = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"}
            said.append(log_in(client, "wrong", f"nobody{number}", **made_up).text)
        assert "do not match" in said[0]
        assert "Too many" in said[-1]


@on_postgresql
def test_what_is_not_for_the_public_stays_behind_the_proxy(site: Site) -> None:
    with site.client() as client:
        assert client.get("/pub/admin/", headers={"Daphne-Root-Path": "/pub"}).status_code == 404
        for path in ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics"):
            raw = httpx.URL(site.proxy.origin).copy_with(raw_path=path.encode())
            assert client.get(raw).status_code == 404, path
        seen = client.get(
            "/metrics", headers={"X-Forwarded-For": "127.0.0.1", "Daphne-Root-Path": "/metrics"}
        )
        assert seen.status_code == 404


@on_postgresql
def test_a_killed_server_is_left_at_once(site: Site) -> None:
    victim = site.servers[0]
    victim.kill()
    try:
        with site.client() as client:
            begun = time.monotonic()
            assert [client.get("/healthz").status_code for _ in range(20)] == [200] * 20
            assert time.monotonic() - begun < 5

        async def scene() -> None:
            async with site.tab() as tab:
                sent = await tab.send("sim:tokens=5,seed=1")
                await tab.ended(sent["message"]["reply"]["id"])

        asyncio.run(scene())
    finally:
        victim.start()


class Person:
    """A tab that comes back as the page does, and writes down how long it was away."""

    def __init__(self, site: Site, number: int) -> None:
        self.site, self.number = site, number
        self.gaps: list[float] = []
        self.tries = 0
        self.told = False

    async def chat(self, over: asyncio.Event) -> None:
        tab = self.site.tab()
        await tab.connect()
        while not over.is_set():
            closed = asyncio.create_task(tab.socket.wait_closed())
            ending = asyncio.create_task(over.wait())
            await asyncio.wait([closed, ending], return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if closed.done():
                self.told = self.told or any(frame["type"] == "restarting" for frame in tab.frames)
                tab = await self.come_back()
            else:
                closed.cancel()
        await tab.close()

    async def come_back(self) -> ProxiedTab:
        lost, attempt = time.monotonic(), 0
        while True:
            await asyncio.sleep(pause(attempt, restarting=True))
            tab = self.site.tab()
            attempt += 1
            try:
                await tab.connect()
            except (OSError, AssertionError, WebSocketException):
                self.tries += 1
                continue
            self.gaps.append(time.monotonic() - lost)
            return tab


@on_postgresql
def test_both_servers_are_replaced_one_after_the_other_while_people_chat(site: Site) -> None:
    async def replies_of(count: int) -> list[tuple[ProxiedTab, str]]:
        tabs = [site.tab("bob") for _ in range(count)]
        await asyncio.gather(*(tab.connect() for tab in tabs))
        made = []
        for number, tab in enumerate(tabs):
            sent = await tab.send(f"sim:tokens=60,rate=20,seed={number}")
            made.append((tab, sent["message"]["reply"]["id"]))
        return made

    async def scene() -> list[Person]:
        over = asyncio.Event()
        people = [Person(site, number) for number in range(TABS)]
        chatting = [asyncio.create_task(person.chat(over)) for person in people]
        for server in site.servers:
            made = await replies_of(TABS // 4)
            await asyncio.to_thread(server.end)
            await asyncio.gather(*(tab.close() for tab, _ in made), return_exceptions=True)
            await asyncio.to_thread(server.start)
            await asyncio.sleep(1)
        await asyncio.sleep(3)
        over.set()
        await asyncio.gather(*chatting)
        return people

    people = asyncio.run(scene())
    gaps = sorted(gap for person in people for gap in person.gaps)
    states = site.servers[0].rows("SELECT state, count(*) FROM chat_reply GROUP BY state")
    print(
        f"{len(gaps)} gaps, median {gaps[len(gaps) // 2]:.2f} s, p95 {gaps[int(len(gaps) * 0.95)]:.2f} s, "
        f"longest {gaps[-1]:.2f} s; {sum(person.tries for person in people)} tries failed; "
        f"replies {dict(states)}"
    )
    assert gaps[int(len(gaps) * 0.95)] < LONGEST
    assert all(person.gaps and person.told for person in people)
    assert dict(states).keys() == {"complete"}


@on_postgresql
def test_whoever_writes_while_a_server_drains_is_answered_at_once(site: Site) -> None:
    """Also who comes meanwhile: nginx goes on sending people there."""

    async def ask(tab: ProxiedTab) -> float:
        begun = time.monotonic()
        sent = await tab.send("sim:tokens=5,seed=1", within=ANSWERED)
        assert (await tab.ended(sent["message"]["reply"]["id"])).text == expected_text(5, 1)
        assert all(frame["type"] != "error" for frame in tab.frames)
        return time.monotonic() - begun

    async def scene() -> None:
        reader, tabs, late = Tab(site.servers[0], "bob"), *([site.tab() for _ in range(TABS)] for _ in "ab")
        await asyncio.gather(reader.connect(origin=site.proxy.origin), *(tab.connect() for tab in tabs))
        running = (await reader.send("sim:tokens=1000,rate=20"))["message"]["reply"]["id"]
        ending = asyncio.create_task(asyncio.to_thread(site.servers[0].end))
        await reader.frame("restarting")
        await asyncio.gather(*(tab.connect() for tab in late))
        seconds = max(await asyncio.gather(*map(ask, tabs + late)))
        told = [[frame["type"] for frame in tab.frames].count("restarting") for tab in tabs]
        print(f"{sum(told)} of {len(tabs)} at the server that drains; answered within {seconds:.2f} s")
        assert sum(told) > 0
        assert seconds < ANSWERED
        assert reader.heard[running].status == ""
        await reader.say("stop", reply=running)
        await ending
        await asyncio.gather(*(tab.close() for tab in [reader, *tabs, *late]), return_exceptions=True)

    asyncio.run(scene())
    site.servers[0].start()


@on_postgresql
def test_the_doctor_finds_nothing_to_change_in_the_files(site: Site) -> None:
    """But for their certificates, which the tests make for a day."""
    folder = site.proxy.folder
    own = folder / "storage/pki/authorities/local/root.crt"
    trusted = own if own.exists() else folder / "fullchain.pem"
    variables = site.servers[0].variables | {"SSL_CERT_FILE": str(trusted)}
    report = examined_beside(variables, "--only", "public", "processes", "redis", "database")
    assert report.troubles == {"public.certificate": "warning"}
