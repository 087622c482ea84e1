"""The page of a web chat: who may frame it, what it carries, and that nobody's cookie counts there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from chat.models import WebChat
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def web_chat() -> WebChat:
    return people.web_chat_of(people.alice())


def page(web_chat: WebChat, query: str = "", **headers: str) -> Any:
    return Client().get(f"/web-chats/{web_chat.pk}{query}", headers=headers)


def boot(response: Any) -> dict[str, Any]:
    text = response.content.decode().partition('<script id="boot" type="application/json">')[2]
    found: dict[str, Any] = json.loads(unescape(text.partition("</script>")[0]))
    return found


def ancestors(response: Any) -> str:
    policy = response.headers["Content-Security-Policy"]
    (found,) = [one for one in policy.split("; ") if one.startswith("frame-ancestors ")]
    return str(found).removeprefix("frame-ancestors ")


ALLOWED: dict[str, tuple[Any, str]] = {
    "none": ([], "'self'"),
    "one": (["https://shop.example"], "'self' https://shop.example"),
    "a port": (["http://localhost:8001"], "'self' http://localhost:8001"),
    "sub-domains": (["https://*.shop.example"], "'self' https://*.shop.example"),
    "every port of this machine": (["http://localhost:*"], "'self' http://localhost:*"),
    "every site": (["*"], "'self' *"),
    "upper case": (["HTTPS://Shop.Example/"], "'self' https://shop.example"),
    "twice": (["https://a.example", "https://a.example"], "'self' https://a.example"),
    "another directive": (["https://a.example; script-src *"], "'self'"),
    "a second header": (["https://a.example\r\nSet-Cookie: a=b"], "'self'"),
    "two in one": (["https://a.example https://b.example"], "'self'"),
    "a path": (["https://a.example/path"], "'self'"),
    "quoted": (["'none'", "'unsafe-inline'"], "'self'"),
    "every host of a scheme": (["https:", "https://*"], "'self'"),
    "a star within": (["https://a.*.example", "https://*"], "'self'"),
    "no list": ("https://a.example", "'self'"),
    "no texts": ([None, 17, ["https://a.example"]], "'self'"),
}


@pytest.mark.parametrize("kind", ALLOWED)
def test_only_the_sites_of_its_list_may_frame_it(web_chat: WebChat, kind: str) -> None:
    listed, expected = ALLOWED[kind]
    WebChat.objects.update(allowed_origins=listed)
    response = page(web_chat)
    assert ancestors(response) == expected
    assert ["'self'", *boot(response)["allowedOrigins"]] == expected.split()
    assert not response.has_header("X-Frame-Options")
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]


def test_its_headers_let_it_do_what_a_chat_does_and_no_more(web_chat: WebChat) -> None:
    headers = page(web_chat).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    for feature in ("microphone", "camera", "clipboard-read", "clipboard-write", "autoplay", "fullscreen"):
        assert f"{feature}=(self)" in headers["Permissions-Policy"]
    assert "payment=()" in headers["Permissions-Policy"]


def test_no_other_address_may_be_framed(web_chat: WebChat) -> None:
    """Every route of the product, with ids of nobody's and of a web chat, for a member and for whoever is not
    logged in. A preview is framed by the other origin of this server."""
    member = Client()
    member.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    chat, one, other = f"/web-chats/{web_chat.pk}", *settings.PUBLIC_ORIGINS
    own = {"Host": urlsplit(one).netloc}
    asked = 0
    for path in addresses(get_resolver().url_patterns):
        if path == f"/web-chats/{NOBODY}":
            continue
        for client in (Client(), member):
            expected = {f"{chat}/preview": other}
            for address in {path, path.replace(NOBODY, str(web_chat.pk))} - {chat}:
                assert ancestors(client.get(address, headers=own)) == expected.get(address, "'none'"), address
                asked += 1
    assert asked > 200


NOBODY = str(uuid4())
VALUES = {"uuid": NOBODY, "int": "1", "path": "a", "str": "a", "slug": "a"}


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    for one in patterns:
        pattern = one.pattern
        if not hasattr(pattern, "_route"):
            continue
        path = before + "".join(
            VALUES[bit.partition(":")[0]] + rest if ">" in bits else bits
            for bits in split(str(pattern))
            for bit, _, rest in [bits.partition(">")]
        )
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, path)
        elif isinstance(one, URLPattern):
            yield path


def split(route: str) -> list[str]:
    """``a/<uuid:id>/b`` as ``["a/", "uuid:id>/b"]``."""
    return [part if ":" in part or ">" not in part else f"str:{part}" for part in route.split("<")]


def test_an_unknown_one_is_not_there_and_says_nothing_of_others(web_chat: WebChat) -> None:
    for id in (uuid4(), people.web_chat_of(people.charlie()).pk):
        WebChat.objects.filter(pk=id).update(access_type="api")
        response = Client().get(f"/web-chats/{id}")
        assert response.status_code == 404
        assert ancestors(response) == "'none'"


@pytest.mark.parametrize("closed", ["is_active", "enable_anonymous", "chatbot"])
def test_one_that_is_closed_says_so_on_the_same_sites(web_chat: WebChat, closed: str) -> None:
    if closed == "chatbot":
        web_chat.chatbot.is_active = False
        web_chat.chatbot.save()
    else:
        WebChat.objects.update(**{closed: False})
    response = page(web_chat)
    assert response.status_code == 200
    assert ancestors(response) == "'self' https://shop.example https://*.shop.example"
    assert b"closed" in response.content
    assert b"ticket" not in response.content
    assert Client().post(f"/web-chats/{web_chat.pk}/ticket").status_code == 404


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-hant"),
        ("", "de-AT, zh-Hant;q=0.5", "zh-hant"),
        ("?lang=zh-hant", "en", "zh-hant"),
        ("?lang=zh-TW", "en", "zh-hant"),
        ("?lang=zh_Hant", "en", "zh-hant"),
        ("?lang=zh-CN", "", "zh-hant"),
        ("?lang=en-GB", "zh-TW", "en"),
        ("?lang=xx", "zh-TW", "zh-hant"),
        ("?lang=../../etc", "", "en"),
        (f"?lang={'x' * 3000}", "", "en"),
    ],
)
def test_its_language_is_the_sites_and_else_the_browsers(
    web_chat: WebChat, query: str, accepted: str, language: str
) -> None:
    client = Client()
    client.cookies["django_language"] = "zh-hant" if language == "en" else "en"
    response = client.get(f"/web-chats/{web_chat.pk}{query}", headers={"Accept-Language": accepted})
    assert boot(response)["language"] == language
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in response.content.decode()


def test_what_it_carries_is_what_a_visitor_may_know(web_chat: WebChat) -> None:
    options = {
        "description": "Ask us",
        "backUrl": "https://shop.example/",
        "theme": {"primaryColor": "#123456"},
    }
    form = {"fields": [{"name": "email", "type": "email", "required": True}], "consent": {"text": "OK?"}}
    WebChat.objects.update(options=options, form=form, identity_enforced=True)
    carried = boot(page(web_chat))
    assert set(carried) == {
        *("webChat", "chatbot", "ticket", "allowedOrigins", "form", "limits", "language", "identityEnforced")
    }
    shown = carried["webChat"]
    assert shown["description"] == "Ask us"
    assert shown["backUrl"] == "https://shop.example/"
    assert shown["theme"]["primaryColor"] == "#123456"
    assert shown["displayConversationStarters"] == []
    assert carried["form"]["fields"] == [
        {"name": "email", "label": "email", "type": "email", "required": True}
    ]
    assert carried["identityEnforced"] is True
    assert not {"organization", "inbox", "isActive", "accessType"} & shown.keys()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", 17, None])
def test_its_way_back_is_an_address_of_the_web(web_chat: WebChat, address: Any) -> None:
    WebChat.objects.update(options={"backUrl": address})
    assert boot(page(web_chat))["webChat"]["backUrl"] == ""


def test_its_pictures_come_from_where_they_are_and_from_nowhere_else(web_chat: WebChat) -> None:
    pictures = {
        "avatar": "https://cdn.example/a.png",
        "logo": "javascript:x",
        "cover": "https://a b; script-src *",
    }
    WebChat.objects.update(options=pictures)
    policy = page(web_chat).headers["Content-Security-Policy"]
    assert "; img-src 'self' data: https://cdn.example; " in policy
    assert policy.count("script-src") == 1


def test_nothing_is_stored_and_no_cookie_set_or_read(web_chat: WebChat) -> None:
    client = Client()
    client.force_login(people.alice(), "allauth.account.auth_backends.AuthenticationBackend")
    with_cookie, without = client.get(f"/web-chats/{web_chat.pk}"), page(web_chat)
    assert not with_cookie.cookies
    assert "Cookie" not in with_cookie.headers.get("Vary", "")
    known, unknown = boot(with_cookie), boot(without)
    known.pop("ticket"), unknown.pop("ticket")
    assert known == unknown
    assert not web_chat.visitors.exists()
