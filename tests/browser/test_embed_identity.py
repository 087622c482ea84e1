"""A signed identity that ends while the chat is open: the site is asked again, and the person stays."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EmbedOpener
from tests.browser.embedded import Embedded, make_web_chat
from tests.browser.test_embed_offline import SOCKETS
from tests.harness.guest import moment
from tests.harness.server import Server

#: The clocks of the frame, which a test puts ahead.
CLOCKS = """for (const clock of [Date, performance]) {
  const now = clock.now.bind(clock);
  clock.now = () => now() + (window.ahead ?? 0);
}"""
TWO_HOURS = 2 * 3_600_000
SET_END = """UPDATE chat_visitortoken SET expires_at = ?
WHERE visitor_id IN (SELECT id FROM chat_visitor WHERE web_chat_id = ?)"""
ENDS = """SELECT expires_at > ? FROM chat_visitortoken
WHERE visitor_id IN (SELECT id FROM chat_visitor WHERE web_chat_id = ?)"""


@dataclass
class Ada:
    """Who has asked something, and what her site signs of her later."""

    chat: Embedded
    server: Server
    web_chat: str
    later: str

    def conversations(self) -> set[str]:
        sent = [one["detail"] for one in self.chat.heard("event") if one["name"] == "messageSend"]
        return {one["conversationId"] for one in sent}

    def goes_on(self) -> None:
        expect(self.chat.questions).to_contain_text(["Mine"])
        self.chat.ask("Still mine sim:tokens=5")
        expect(self.chat.questions).to_contain_text(["Mine", "Still mine"])
        assert len(self.conversations()) == 1

    def ends(self, when: str) -> None:
        """What the server has of her ends then."""
        assert self.server.execute(SET_END, when, self.web_chat) == 1

    def is_away_for_hours(self) -> None:
        self.chat.frame.evaluate(f"window.ahead = {TWO_HOURS}")
        self.ends(moment(minutes=1))

    def signs_when_asked(self) -> None:
        """The page itself, which is quicker than we are."""
        self.chat.page.evaluate(
            """token => {
              const hear = port.onmessage;
              port.onmessage = event => {
                hear(event);
                if (event.data.type === "identityWanted") port.postMessage({ type: "identity", token });
              };
            }""",
            self.later,
        )

    def signs(self) -> None:
        self.chat.order("identity", token=self.later)

    def faults(self) -> list[object]:
        return [one["detail"] for one in self.chat.heard("event") if one["name"] == "error"]


def ada(open_embed: EmbedOpener, server: Server, *, seconds: int, enforced: bool = False) -> Ada:
    """Her site's signature ends so soon."""
    persons = {"ada": {"seconds": seconds}, "later": {"sub": "ada"}}
    made = make_web_chat(server, persons=persons, identity_enforced=enforced)
    config: dict[str, object] = {"opened": True, "identity": made["signed"]["ada"]}
    chat = open_embed(web_chat=made["id"], on="shop", config=config, script=CLOCKS + SOCKETS)
    chat.ask("Mine sim:tokens=5")
    return Ada(chat, server, made["id"].replace("-", ""), made["signed"]["later"])


@pytest.mark.parametrize("enforced", [False, True])
def test_the_site_is_asked_before_the_signature_ends(
    open_embed: EmbedOpener, server: Server, enforced: bool
) -> None:
    she = ada(open_embed, server, seconds=30, enforced=enforced)
    she.ends(moment(minutes=-5))
    she.chat.hear("identityWanted")
    she.signs()
    she.goes_on()
    assert she.faults() == []
    assert server.rows(ENDS, moment(minutes=-55), she.web_chat) == [(True,)]


@pytest.mark.parametrize("enforced", [False, True])
def test_who_comes_back_after_hours_is_signed_anew_before_anything_else(
    open_embed: EmbedOpener, server: Server, enforced: bool
) -> None:
    she = ada(open_embed, server, seconds=600, enforced=enforced)
    she.signs_when_asked()
    she.is_away_for_hours()
    she.chat.hear("identityWanted")
    she.goes_on()
    assert she.faults() == []


def test_a_site_that_signs_late_gives_the_conversation_back(open_embed: EmbedOpener, server: Server) -> None:
    she = ada(open_embed, server, seconds=600)
    she.is_away_for_hours()
    she.chat.hear("identityWanted")
    expect(she.chat.messages).to_have_count(0)
    she.signs()
    she.goes_on()


@pytest.mark.parametrize("ahead", [0, TWO_HOURS])
def test_without_another_signature_the_visit_counts_for_the_rest_of_the_hour(
    open_embed: EmbedOpener, server: Server, ahead: int
) -> None:
    """After the connection was lost, whether the browser or the server finds out that the signature ended."""
    she = ada(open_embed, server, seconds=600, enforced=True)
    server.execute("DELETE FROM chat_identitysecret WHERE web_chat_id = ?", she.web_chat)
    she.chat.frame.evaluate(f"window.ahead = {ahead}")
    she.chat.frame.evaluate("sockets.at(-1).close()")
    she.chat.hear("identityWanted")
    she.goes_on()
