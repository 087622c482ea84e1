"""A page of a member's site is read, and told what keeps the chat from it; of all else nothing is told."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import unescape
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.test import Client, override_settings

from chat.models import Role, User, WebChat
from tests import people
from tests.harness.proxies import certificate, trusting
from tests.harness.web import QuietHandler, answering

CHAT = "http://127.0.0.1:8000"
SCRIPT = f"{CHAT}/js/embed.min.js"
PRIVATE = override_settings(WEBHOOK_PRIVATE_ADDRESSES=True, PUBLIC_ORIGINS=[CHAT])

pytestmark = pytest.mark.django_db
#: What is told of what could not be read, whatever the reason.
CLOSED = {
    "answer": (
        "wrong",
        "Page: The page could not be read. "
        "Enter the address of a page that everybody on the internet can open.",
    )
}


@contextmanager
def site(
    html: str = "",
    status: int = 200,
    *headers: tuple[str, str],
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths that were asked for. ``{id}`` in the HTML is the web chat's."""
    asked: list[str] = []
    body = html.replace("{id}", str(people.web_chat_of(people.alice()).pk)).encode()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # the reader had enough
                self.wfile.write(body)

    with answering(Handler, host, tls) as address:
        yield address, asked


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return client


def checked(page: str, client: Client | None = None) -> str:
    """What an admin reads who has that page checked; a new one each time, unless it is somebody's client."""
    web_chat = people.web_chat_of(people.alice())
    if client is None:
        admin = people.make_member(web_chat.organization, f"admin-{User.objects.count()}", Role.ADMIN)
        client = client_of(admin)
    path = f"/accounts/web-chats/{web_chat.pk}/?site={quote('https://shop.example')}"
    response = client.post(path, {"page": page})
    assert response.status_code == 200
    return unescape(response.content.decode())


def lines(page: str) -> dict[str, tuple[str, str]]:
    """By subject: how it is, and the words."""
    found = re.findall(
        r'data-code="page\.(\w+)" data-level="(\w+)">\s*<span class="row-text">(.*?)<span class="badge',
        page,
        re.DOTALL,
    )
    return {code: (level, " ".join(re.sub(r"<[^>]*>", " ", text).split())) for code, level, text in found}


def of(html: str, *headers: tuple[str, str]) -> dict[str, tuple[str, str]]:
    with PRIVATE, site(html, 200, *headers) as (address, _asked):
        return lines(checked(address))


def allowing(address: str) -> None:
    web_chat = people.web_chat_of(people.alice())
    WebChat.objects.filter(pk=web_chat.pk).update(allowed_origins=[address])


WITH_SCRIPT = f'<!doctype html><body><script src="{SCRIPT}" data-web-chat-id="{{id}}" async></script>'


def test_a_page_that_has_everything_has_nothing_to_change() -> None:
    policy = f"default-src 'none'; script-src 'self' {CHAT}; frame-src {CHAT}"
    with PRIVATE, site(WITH_SCRIPT, 200, ("Content-Security-Policy", policy)) as (address, asked):
        allowing(address)
        found = lines(checked(f"{address}/basket?x=1"))
    assert asked == ["/basket?x=1"]
    assert {level for level, _words in found.values()} == {"ok"}
    assert found["allowed"][1].endswith(f"{address} may show this chat.")
    assert set(found) == {"answer", "allowed", "encryption", "snippet", "script", "frame"}


def test_a_site_that_is_not_allowed_is_told_how_to_become_so() -> None:
    level, words = of(WITH_SCRIPT)["allowed"]
    assert level == "wrong"
    assert "is not one of the sites that may show this chat." in words


@pytest.mark.parametrize(
    ("html", "level", "words"),
    [
        (WITH_SCRIPT, "ok", "The script is in the page"),
        (f"<SCRIPT DEFER SRC={SCRIPT} DATA-WEB-CHAT-ID='{{id}}'></SCRIPT>", "ok", "The script is"),
        (
            f"<script>window.parleyConfig={{webChatId:'{{id}}'}}</script><script src='{SCRIPT}'></script>",
            "ok",
            "The script is in the page",
        ),
        (
            f'<parley-chat web-chat="{{id}}"></parley-chat><script src="{SCRIPT}" async></script>',
            "ok",
            "The script is in the page",
        ),
        (f'<iframe src="{CHAT}/web-chats/{{id}}" title="Chat"></iframe>', "ok", "The frame with"),
        (
            f'<iframe sandbox="allow-scripts" src="{CHAT}/web-chats/{{id}}"></iframe>',
            "wrong",
            "sandbox attribute",
        ),
        (f'<script src="{SCRIPT}" data-web-chat-id="another"></script>', "wrong", "but the id"),
        (
            '<script src="https://chat.maiagent.ai/js/embed.min.js" data-web-chat-id="{id}"></script>',
            "wrong",
            "another server: https://chat.maiagent.ai/js/embed.min.js",
        ),
        ("<h1>Shop</h1>", "warning", "not in the page's HTML"),
        (f"<!-- {WITH_SCRIPT} -->", "warning", "not in the page's HTML"),
        (f"<textarea>{WITH_SCRIPT}</textarea>", "warning", "not in the page's HTML"),
        (f"<p title='{WITH_SCRIPT}'>", "warning", "not in the page's HTML"),
    ],
)
def test_the_snippet_is_looked_for_as_browsers_read_the_page(html: str, level: str, words: str) -> None:
    found = of(html)["snippet"]
    assert found[0] == level
    assert words in found[1]


@pytest.mark.parametrize(
    ("policy", "script", "frame"),
    [
        ("default-src 'self'", "Give it the directive script-src", "Give it the directive frame-src"),
        ("script-src 'self'", f"Add {CHAT} to its script-src.", ""),
        ("script-src-elem 'none'; script-src *", f"Add {CHAT} to its script-src-elem.", ""),
        ("child-src 'none'", "", f"Add {CHAT} to its child-src."),
        ("child-src 'none'; frame-src http:", "", ""),
        ("default-src *", "", ""),
        ("default-src https:", "Give it the directive", "Give it the directive"),
        ("default-src 127.0.0.1:*; img-src 'none'", "", ""),
        ("default-src 127.0.0.1", "Give it the directive", "Give it the directive"),
        (f"script-src {CHAT}/js/; frame-src {CHAT}/web-chats", "", "to its frame-src."),
        (f"script-src 'strict-dynamic' {CHAT}", "nonce", ""),
        ("script-src 'strict-dynamic' 'nonce-r4nd0m'", "", ""),
        (f"script-src {CHAT}, script-src 'self'", "to its script-src.", ""),
        ("upgrade-insecure-requests", "", ""),
    ],
)
@pytest.mark.parametrize("place", ["header", "meta"])
def test_a_policy_that_forbids_the_chat_is_named_with_what_it_lacks(
    place: str, policy: str, script: str, frame: str
) -> None:
    html = WITH_SCRIPT.replace(" async", ' nonce="r4nd0m"')
    if place == "header":
        found = of(html, ("Content-Security-Policy", policy))
    else:
        metas = "".join(
            f'<meta http-equiv="Content-Security-Policy" content="{one}">' for one in policy.split(",")
        )
        found = of(metas + html)
    for name, words in (("script", script), ("frame", frame)):
        assert found[name][0] == ("wrong" if words else "ok"), found[name]
        assert words in found[name][1]


def test_each_of_several_policies_must_allow_it_and_one_that_only_reports_counts_for_nothing() -> None:
    lax, strict = f"frame-src {CHAT}", "frame-src 'none'"
    name = "Content-Security-Policy"
    assert of("", (name, lax), (name, strict))["frame"][0] == "wrong"
    assert of("", (name, lax), (f"{name}-Report-Only", strict))["frame"][0] == "ok"


def test_an_own_frame_needs_no_leave_for_the_script() -> None:
    html = f'<iframe src="{CHAT}/web-chats/{{id}}"></iframe>'
    found = of(html, ("Content-Security-Policy", f"default-src 'none'; frame-src {CHAT}"))
    assert "script" not in found
    assert found["frame"][0] == "ok"


@pytest.mark.parametrize(
    ("value", "blocked"), [("require-corp", 1), ("credentialless", 1), ("unsafe-none", 0)]
)
def test_isolation_that_blocks_the_frame_is_told(value: str, blocked: int) -> None:
    found = of("", ("Cross-Origin-Embedder-Policy", f'{value}; report-to="x"'))
    assert ("isolation" in found) == blocked
    assert not blocked or value in found["isolation"][1]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("fullscreen=(), camera=()", "fullscreen"),
        ("fullscreen=(self), clipboard-write=()", "clipboard-write, fullscreen"),
        (f'fullscreen=(self "{CHAT}"), clipboard-write=*', ""),
    ],
)
def test_permissions_that_the_page_keeps_are_named(policy: str, kept: str) -> None:
    found = of("", ("Permissions-Policy", policy))
    assert ("permissions" in found) == bool(kept)
    assert not kept or f"from the chat: {kept}." in found["permissions"][1]


def test_an_encrypted_page_needs_an_encrypted_server(tmp_path: Path) -> None:
    certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    with (
        PRIVATE,
        site(WITH_SCRIPT, tls=tls) as (address, _asked),
        patch("chat.webhooks.guard._tls", trusting),
    ):
        assert lines(checked(address))["encryption"][0] == "wrong"
        with override_settings(PUBLIC_ORIGINS=["https://chat.example.com"]):
            assert lines(checked(address))["encryption"][0] == "ok"


def test_a_redirect_is_followed_and_where_it_leads_is_what_counts() -> None:
    with PRIVATE, site(WITH_SCRIPT) as (end, _asked), site("", 301, ("Location", f"{end}/de/")) as (begin, _):
        allowing(begin)
        found = lines(checked(begin))
    assert found["answer"] == ("ok", f"Page: {end}/de/ was read.")
    assert found["allowed"][0] == "wrong"
    assert found["snippet"][0] == "ok"


def test_redirects_without_an_end_and_pages_behind_a_login_are_told() -> None:
    with PRIVATE, site("", 302, ("Location", "/again")) as (address, asked):
        assert "answers 302." in lines(checked(address))["answer"][1]
    assert len(asked) == 6
    with PRIVATE, site("", 302, ("Location", "http://[")) as (address, asked):
        assert "answers 302." in lines(checked(address))["answer"][1]
    assert len(asked) == 1
    with PRIVATE, site("Who are you?", 401) as (address, _asked):
        found = lines(checked(address))
    assert list(found) == ["answer"]
    assert "answers 401." in found["answer"][1]


def test_of_a_page_without_end_only_the_beginning_is_read() -> None:
    html = WITH_SCRIPT + " " * 2**20 + '<meta http-equiv="Content-Security-Policy" content="frame-src none">'
    found = of(html)
    assert found["snippet"][0] == found["frame"][0] == "ok"


def test_a_number_of_thousands_of_digits_is_no_character() -> None:
    found = of(WITH_SCRIPT + f'<meta http-equiv="Content-Security-Policy" content="&#{"9" * 5000};">')
    assert found["snippet"][0] == "ok"


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<script ", "<!--", "<script>", '<p a="', "<p a='\"", "<title>", "<", "<a>", "=\"'", "<a b=c"],
)
def test_a_hostile_page_is_read_once(piece: str) -> None:
    """Two passes over each of these would take minutes."""
    found = of(WITH_SCRIPT + piece * (2**19 // len(piece)))
    assert found["snippet"][0] == "ok"


@pytest.mark.parametrize("piece", ["a", "a=(", "a ", "a=", ",", "'x' ", "a;"])
@pytest.mark.parametrize("name", ["Content-Security-Policy", "Permissions-Policy"])
def test_hostile_headers_are_read_once(name: str, piece: str) -> None:
    assert of(WITH_SCRIPT, *[(name, piece * (60_000 // len(piece)))] * 10)["answer"][0] == "ok"


def test_what_may_not_be_asked_looks_like_what_is_not_there() -> None:
    """A service of this machine, a closed port, addresses inside, a name that is none, no address at all."""
    with site("secret of the inner network") as (inner, asked):
        for page in (
            inner,
            inner.replace("127.0.0.1", "localhost"),
            "http://127.0.0.1:9/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "nothing.invalid",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "https://user@shop.example/",
            "javascript:alert(1)",
        ):
            assert lines(checked(page)) == CLOSED, page
        assert asked == []


def test_a_redirect_leads_no_further_than_an_address_that_was_typed() -> None:
    def may_connect(address: str) -> bool:
        return address != "127.0.0.2"

    with (
        PRIVATE,
        site("secret of the inner network", host="127.0.0.2") as (inner, asked),
        site("", 302, ("Location", f"{inner}/admin")) as (address, _),
        patch("chat.webhooks.guard.may_connect", may_connect),
    ):
        assert lines(checked(address)) == CLOSED
        assert asked == []


def test_only_members_may_ask_and_with_their_own_form_only_and_not_all_the_time() -> None:
    web_chat = people.web_chat_of(people.alice())
    path = f"/accounts/web-chats/{web_chat.pk}/?site=https://shop.example"
    with PRIVATE, site(WITH_SCRIPT) as (address, asked):
        bob, forged = client_of(people.bob()), client_of(people.alice())
        forged.handler.enforce_csrf_checks = True
        assert Client().post(path, {"page": address}).status_code == 302
        assert client_of(people.charlie()).post(path, {"page": address}).status_code == 404
        assert forged.post(path, {"page": address}).status_code == 403
        bob.get(path, {"page": address})
        # The network around the server is for those who may name a webhook in it.
        assert "Only owners and admins" in checked(address, client=bob)
        assert asked == []
        owner = client_of(people.alice())
        for _time in range(6):
            assert "answer" in lines(checked(address, client=owner))
        refused = checked(address, client=owner)
        assert "too many requests" in refused
        assert lines(refused) == {}
        assert len(asked) == 6
