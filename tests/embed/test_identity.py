"""Signed identity: who is let in by it, what becomes theirs, and what an attacker's token is worth."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.harness.guest import Guest, moment, set_token, set_web_chat, signed
from tests.harness.scene import run
from tests.harness.server import Server

PHONE = "https://phone.shop.example"


@contextmanager
def enforced(server: Server, name: str = "alice") -> Iterator[None]:
    set_web_chat(server, server.people[name]["webChat"], identity_enforced=True)
    try:
        yield
    finally:
        set_web_chat(server, server.people[name]["webChat"], identity_enforced=False)


async def exchange(guest: Guest, content: str = "Hello. sim:tokens=1") -> str:
    message: dict[str, Any] = (await guest.send(content))["message"]
    await guest.ended(message["reply"]["id"])
    return str(message["conversation"])


def test_a_person_has_their_conversations_on_every_device_and_the_contact_what_the_site_says(
    server: Server,
) -> None:
    async def scene() -> None:
        person = signed(server, "ada", name="Ada", email="ADA@example.com", phone="+1 555 0100")
        async with Guest(server, identity=person) as guest:
            conversation = await exchange(guest)
        async with Guest(server, site=PHONE, identity=signed(server, "ada", name="Ada L.")) as phone:
            await phone.frame("visitor")
            assert phone.conversations() == [conversation]
            assert (await phone.frame("ready"))["principal"]["name"] == "Ada L."
        rows = server.rows("SELECT name, email, phone_digits FROM chat_contact WHERE source_id = 'ada'")
        assert rows == [("Ada L.", "ada@example.com", "15550100")]

    run(scene())


def test_without_a_new_signature_a_known_persons_token_ends_after_an_hour(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "hour")) as guest:
            conversation = await exchange(guest)
            token = guest.token
        query = "SELECT count(*) FROM chat_visitortoken t JOIN chat_visitor v ON v.id = t.visitor_id "
        assert server.rows(f"{query} WHERE v.verified AND t.expires_at > ?", moment(minutes=-61))[0][0] == 0
        set_token(server, token, expires_at=moment(minutes=-5))
        async with Guest(server, token=token) as guest:
            assert guest.conversations() == [conversation]
        assert server.rows(f"{query} WHERE v.verified AND t.expires_at > ?", moment(minutes=-59)) != []
        async with Guest(server, token=token, identity=signed(server, "hour")) as guest:
            assert guest.conversations() == [conversation]
            assert not any(one["type"] == "visitor" for one in guest.frames)
        set_token(server, token, expires_at=moment())
        async with Guest(server, token=token) as guest:
            assert (await guest.frame("error"))["code"] == "token_refused"

    run(scene())


def test_who_logs_out_of_the_site_is_forgotten_here(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "leaves")) as guest:
            await exchange(guest)
        async with Guest(server, token=guest.token, identity="") as after:
            assert (await after.frame("error"))["code"] == "token_refused"
            assert after.ask("conversations", token=guest.token)[0] == 401

    run(scene())


def test_the_next_person_at_the_same_browser_sees_nothing_of_the_one_before(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "first")) as first:
            await exchange(first)
        async with Guest(server, token=first.token, identity=signed(server, "second")) as second:
            conversation = await exchange(second)
            assert second.conversations() == [conversation]
            assert second.ask("conversations", token=first.token)[0] == 401
        async with Guest(server, token=second.token, identity=signed(server, "first")) as again:
            await again.frame("visitor")
            assert conversation not in again.conversations()

    run(scene())


@pytest.mark.parametrize("another", [True, False])
def test_a_signature_that_does_not_hold_opens_only_the_own_persons_token(
    server: Server, another: bool
) -> None:
    """The next person at a browser, and the same one whose signature has ended."""

    async def scene() -> None:
        subject = f"here-{another}"
        async with Guest(server, identity=signed(server, subject, name="Here")) as first:
            theirs = await exchange(first)
        now = (
            signed(server, "next", key="x" * 32) if another else signed(server, subject, exp=time.time() - 60)
        )
        async with Guest(server, token=first.token, identity=now) as guest:
            assert (await guest.frame("error"))["code"] == "identity_refused"
            assert ((await guest.frame("ready"))["principal"]["name"] == "Here") is not another
            mine = await exchange(guest)
            assert set(guest.conversations()) == ({mine} if another else {mine, theirs})
            # Anybody can write a signature that does not hold: it ends nothing.
            assert (mine in guest.conversations(token=first.token)) is not another

    run(scene())


def test_a_stranger_who_logs_in_keeps_what_they_began_and_their_old_token_shows_nothing(
    server: Server,
) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "merges")) as known:
            earlier = await exchange(known, "Known. sim:tokens=1")
        async with Guest(server) as stranger:
            cleared = await exchange(stranger, "Cleared. sim:tokens=1")
            assert stranger.ask("clear", method="POST")[0] == 204
            begun = await exchange(stranger, "As a stranger. sim:tokens=1")
        old = stranger.token
        async with Guest(server, token=old, identity=signed(server, "merges", name="Grace")) as both:
            new = (await both.frame("visitor"))["token"]
            assert set(both.conversations()) == {earlier, begun}
            assert both.ask("conversations", token=old)[1]["code"] == "token_refused"
            _, page = both.ask(f"conversations/{begun}/messages")
            assert page["results"][-1]["sender"]["name"] == "Grace"
        async with Guest(server, token=old) as thief:
            assert (await thief.frame("error"))["code"] == "token_refused"
            await thief.send("sim:tokens=1")
            assert not {earlier, begun, cleared} & set(thief.conversations())
        assert new != old

    run(scene())


def test_a_token_that_is_replayed_with_the_identity_of_somebody_else_takes_nothing(server: Server) -> None:
    """An attacker, who is a person of the site too, shows the token of a victim with their own signature."""

    async def scene() -> None:
        async with Guest(server, identity=signed(server, "victim")) as victim:
            theirs = await exchange(victim)
        async with Guest(server, token=victim.token, identity=signed(server, "attacker")) as attacker:
            mine = await exchange(attacker)
            assert attacker.conversations() == [mine]
        async with Guest(server, identity=signed(server, "victim")) as victim:
            await victim.frame("visitor")
            assert victim.conversations() == [theirs]

    run(scene())


def test_a_contact_that_the_page_names_gets_new_conversations_and_shows_no_earlier_ones(
    server: Server,
) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "named", name="Named")) as known:
            earlier = await exchange(known)
        (contact,) = server.rows("SELECT id FROM chat_contact WHERE source_id = 'named'")[0]
        async with Guest(server, contactId=contact) as guest:
            await guest.say("open", conversation=earlier)
            assert (await guest.frame("error"))["code"] == "not_found"
            begun = await exchange(guest)
            assert guest.conversations() == [begun]
            _, page = guest.ask(f"conversations/{begun}/messages")
            for message in (await guest.frame("message"))["message"], page["results"][-1]:
                assert message["sender"]["name"] == "anonymous"
        async with Guest(server, contactId=contact, token=guest.token) as again:
            assert again.conversations() == [begun]
        for tab in (guest, again):
            assert (await tab.frame("ready"))["principal"]["name"] == "anonymous"
        async with Guest(server, identity=signed(server, "named")) as known:
            await known.frame("visitor")
            assert set(known.conversations()) == {earlier, begun}
        elsewhere = server.rows(
            "SELECT count(*) FROM chat_conversation WHERE contact_id = ?", contact.replace("-", "")
        )
        assert elsewhere == [(2,)]

    run(scene())


def test_the_token_of_another_than_the_contact_that_the_page_names_counts_for_nothing(server: Server) -> None:
    """Somebody else is at the browser now, as far as anybody says."""

    async def scene() -> None:
        contacts = []
        for subject in ("one-of-two", "two-of-two"):
            async with Guest(server, identity=signed(server, subject)) as known:
                await exchange(known)
            query = "SELECT id FROM chat_contact WHERE source_id = ?"
            contacts.append(server.rows(query, subject)[0][0])
        one, two = contacts
        async with Guest(server) as stranger, Guest(server, contactId=one) as first:
            for before in (stranger, first):
                theirs = await exchange(before)
                async with Guest(server, token=before.token, contactId=two) as second:
                    assert (await second.frame("error"))["code"] == "token_refused"
                    assert (await second.frame("ready"))["token"]
                    begun = await exchange(second)
                    assert second.conversations() == [begun]
                    assert before.conversations() == [theirs]
                query = "SELECT contact_id FROM chat_conversation WHERE id = ?"
                assert server.rows(query, begun.replace("-", "")) == [(two,)]
        async with Guest(server, token=first.token, contactId=str(uuid4())) as again:
            assert again.conversations() == [theirs], "of nobody"

    run(scene())


@pytest.mark.parametrize("named", ["no uuid", "of nobody", "of another organization", "deleted"])
def test_a_contact_that_is_not_there_is_as_if_it_were_not_named(server: Server, named: str) -> None:
    async def scene() -> None:
        contact = str(uuid4())
        if named == "no uuid":
            contact = "visitor 17"
        elif named != "of nobody":
            other = server.people["charlie"]["webChat"]
            async with Guest(server, web_chat=other if "another" in named else "") as theirs:
                await exchange(theirs)
            query = "SELECT contact_id FROM chat_conversation ORDER BY created_at DESC LIMIT 1"
            ((contact,),) = server.rows(query)
            if named == "deleted":
                server.execute("UPDATE chat_contact SET deleted_at = ? WHERE id = ?", moment(), contact)
        async with Guest(server, contactId=contact) as guest:
            begun = await exchange(guest)
            query = "SELECT contact_id FROM chat_conversation WHERE id = ?"
            assert server.rows(query, begun.replace("-", "")) != [(contact,)]

    run(scene())


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(server: Server, **header: Any) -> str:
    claims = {"sub": "x", "aud": server.people["alice"]["webChat"], "exp": int(time.time()) + 600}
    return f"{part({'typ': 'JWT', **header})}.{part(claims)}."


def changed(server: Server) -> str:
    head, _, tail = signed(server, "somebody").split(".")
    claims = {"sub": "admin", "aud": server.people["alice"]["webChat"], "exp": int(time.time()) + 600}
    return f"{head}.{part(claims)}.{tail}"


def confused(server: Server) -> str:
    """Signed with a key of the attacker's, of another kind."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return signed(server, alg="RS256", key=private)


def hmac_of_public_key(server: Server) -> str:
    public = rsa.generate_private_key(65537, 2048).public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {"sub": "x", "aud": server.people["alice"]["webChat"], "exp": int(time.time()) + 600}
    signing = f"{part(head)}.{part(claims)}"
    return f"{signing}.{part(hmac.digest(text, signing.encode(), 'sha256'))}"


BAD: dict[str, Callable[[Server], str]] = {
    "no token": lambda server: "who I am",
    "two dots": lambda server: "..",
    "alg none": lambda server: unsigned(server, alg="none"),
    "alg NONE": lambda server: unsigned(server, alg="nOnE"),
    "no alg": lambda server: unsigned(server),
    "alg a list": lambda server: unsigned(server, alg=["HS256"]),
    "unsigned HS256": lambda server: unsigned(server, alg="HS256"),
    "changed": changed,
    "RS256": confused,
    "an RSA key as secret": hmac_of_public_key,
    "HS512": lambda server: signed(server, alg="HS512"),
    "HS384": lambda server: signed(server, alg="HS384"),
    "empty secret": lambda server: signed(server, key=" "),
    "secret of another web chat": lambda server: signed(
        server, secret=server.people["bob"]["identitySecret"]
    ),
    "for another web chat": lambda server: signed(
        server, of="bob", secret=server.people["alice"]["identitySecret"]
    ),
    "for many": lambda server: signed(server, aud=[server.people["alice"]["webChat"]]),
    "for nobody": lambda server: signed(server, aud=None),
    "expired": lambda server: signed(server, exp=int(time.time()) - 60),
    "without end": lambda server: signed(server, exp=None),
    "too long": lambda server: signed(server, exp=int(time.time()) + 3700),
    "an end that is text": lambda server: signed(server, exp="9" * 10),
    "an endless end": lambda server: signed(server, exp=float("1e400")),
    "made later": lambda server: signed(server, iat=int(time.time()) + 600),
    "not yet": lambda server: signed(server, nbf=int(time.time()) + 600),
    "without a subject": lambda server: signed(server, sub=None),
    "an empty subject": lambda server: signed(server, "  "),
    "a number as subject": lambda server: signed(server, sub=17),
    "a long subject": lambda server: signed(server, "x" * 256),
    "a subject with NUL": lambda server: signed(server, "a\x00b"),
    "half a surrogate": lambda server: signed(server, "\ud800"),
    "a name that is a list": lambda server: signed(server, name=["Ada"]),
    "no e-mail address": lambda server: signed(server, email="ada"),
    "a thousand brackets": lambda server: f"{part(b'[' * 2000)}.{part(b'{}')}.{part(b'x')}",
    "very long": lambda server: signed(server, name="x" * 5000),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_signature_that_does_not_hold_proves_nothing(server: Server, kind: str) -> None:
    async def scene() -> None:
        async with Guest(server, identity=BAD[kind](server)) as guest:
            assert (await guest.frame("error"))["code"] == "identity_refused"
            begun = await exchange(guest)
            assert guest.conversations() == [begun]
        verified = (
            "SELECT count(*) FROM chat_conversation c JOIN chat_visitor v ON v.contact_id = c.contact_id "
        )
        where = "WHERE c.id = ? AND v.verified"
        assert server.rows(verified + where, begun.replace("-", "")) == [(0,)]
        with enforced(server):
            said = await Guest(server, identity=BAD[kind](server)).refused(4005)
            assert [one["code"] for one in said] == ["identity_refused"]
        assert "Traceback" not in server.log

    run(scene())


def test_where_identity_is_enforced_only_signed_visitors_read_and_write(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server) as stranger:
            await exchange(stranger)
        with enforced(server):
            for hello in ({}, {"token": stranger.token}, {"contactId": str(uuid4())}, {"identity": ""}):
                said = await Guest(server, **hello).refused(4005)
                assert [one["code"] for one in said if one["type"] == "error"] == ["identity_required"]
            assert stranger.ask("conversations")[1]["code"] == "identity_required"
            async with Guest(server, identity=signed(server, "enforced")) as guest:
                begun = await exchange(guest)
                assert guest.conversations() == [begun]
            async with Guest(server, token=guest.token) as again:
                assert again.conversations() == [begun]

    run(scene())


def test_the_same_name_written_in_another_way_is_the_same_person(server: Server) -> None:
    async def scene() -> None:
        async with Guest(server, identity=signed(server, "Zo\u00eb")) as guest:
            begun = await exchange(guest)
        async with Guest(server, identity=signed(server, "Zoe\u0308")) as again:
            await again.frame("visitor")
            assert again.conversations() == [begun]

    run(scene())


def test_two_tabs_that_write_first_at_the_same_moment_are_one_person(server: Server) -> None:
    async def scene() -> None:
        person = signed(server, "twice")
        async with Guest(server, identity=person) as one, Guest(server, identity=person) as two:
            first = await exchange(one)
            await two.say("send", id=str(uuid4()), conversation=str(uuid4()), content="sim:tokens=1")
            await two.lost()
            assert two.closed == 4013
        async with Guest(server, identity=person) as again:
            await again.frame("visitor")
            assert again.conversations() == [first]
        assert server.rows("SELECT count(*) FROM chat_contact WHERE source_id = 'twice'") == [(1,)]

    run(scene())
