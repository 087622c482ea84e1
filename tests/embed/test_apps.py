"""The browser inside an app, whose pages have no origin: it frames the page of a web chat that allows it."""

from __future__ import annotations

import pytest
from django.test import Client

from chat.models import WebChat
from tests import people

pytestmark = pytest.mark.django_db

APPLE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0 Mobile Safari/537.36"
APPS = [f"{APPLE} Mobile/15E148", f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/X; wv) {ANDROID}"]
BROWSERS = [
    "",
    f"{APPLE} Version/18.0 Mobile/15E148 Safari/604.1",
    f"{APPLE} CriOS/130.0 Mobile/15E148 Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 10; K) {ANDROID}",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
]


def framed_by(options: dict[str, object], user_agent: str) -> str:
    """What the page's policy says about frames; empty: nothing, so any page may."""
    web_chat = people.web_chat_of(people.alice())
    WebChat.objects.filter(pk=web_chat.pk).update(options=options)
    response = Client().get(f"/web-chats/{web_chat.pk}", headers={"User-Agent": user_agent})
    assert response.status_code == 200
    assert "X-Frame-Options" not in response.headers
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    return policy.partition("frame-ancestors")[2].partition(";")[0].strip()


@pytest.mark.parametrize("user_agent", APPS)
def test_apps_frame_it_where_they_are_allowed_and_nowhere_else(user_agent: str) -> None:
    assert framed_by({"webView": True}, user_agent) == ""
    for off in ({}, {"webView": False}, {"webView": "yes"}):
        assert framed_by(off, user_agent) == "'self' https://shop.example https://*.shop.example"


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_browsers_keep_to_the_allowed_sites(user_agent: str) -> None:
    assert framed_by({"webView": True}, user_agent) == "'self' https://shop.example https://*.shop.example"


def test_the_switch_is_in_the_admin(client: Client) -> None:
    web_chat = people.web_chat_of(people.alice())
    client.force_login(people.alice())
    change = f"/admin/chat/webchat/{web_chat.pk}/change/"
    shown = client.get(change).context["adminform"].form
    values = {name: shown[name].value() for name in shown.fields}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    assert client.post(change, sent | {"webView": "on"}).status_code == 302
    web_chat.refresh_from_db()
    assert web_chat.options == {"webView": True}
