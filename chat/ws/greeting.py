"""Who says hello: a member by the session of the upgrade request, or a visitor by the ticket of an embedded
page. With a ticket the cookie is not looked at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings

from chat.db import in_database
from chat.hints import hub
from chat.limits import address_of, network_of, take_request
from chat.services import visitors
from chat.services.visitors import Guest
from chat.ws import frames
from chat.ws.rights import Standing, session_key, standing_of_session


async def greeted(hello: frames.Hello, scope: Any) -> Standing | Guest | None:
    """What their right to be here rests on; None: they have none. Raises what ``visitors.admit`` does."""
    if hello.ticket is not None:
        return await in_database(_admitted, hello, hello.ticket, scope)
    session = session_key(scope)
    return await in_database(standing_of_session, session) if session else None


def _admitted(hello: frames.Hello, ticket: str, scope: Any) -> Guest:
    address = _address(scope)
    network = network_of(address)
    take_request(f"hello:{network}", settings.API_STRANGERS_PER_MINUTE)
    return visitors.admit(
        visitors.Hello(
            ticket,
            site=hello.site,
            token=hello.token,
            contact=_contact(hello.contactId),
            identity=hello.identity,
            address=None if network == "unknown" else address,
        )
    )


def _address(scope: Any) -> str:
    client, headers = scope.get("client") or ("",), dict(scope["headers"])
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
    return address_of({"REMOTE_ADDR": client[0], "HTTP_X_FORWARDED_FOR": forwarded})


def _contact(id: str | None) -> UUID | None:
    """Written by hand into a page: one that is none is as if it were not there."""
    try:
        return UUID(id) if id else None
    except ValueError:
        return None


def groups_of(found: Standing | Guest) -> tuple[str, ...]:
    """Where a socket hears of what is theirs; a visitor's is counted among those of its address too, of which
    nothing is ever told."""
    group = _network_group(found)
    return (*found.principal.hears, group) if group else found.principal.hears


def has_too_many(found: Standing | Guest) -> bool:
    """Whether the person, or the address of a visitor, has as many sockets in this process as it may."""
    if 0 < settings.SOCKETS_PER_PERSON <= hub.listening(found.principal.group):
        return True
    group = _network_group(found)
    return group is not None and 0 < settings.SOCKETS_PER_ADDRESS <= hub.listening(group)


def _network_group(found: Standing | Guest) -> str | None:
    address = found.visit.address if isinstance(found, Guest) else None
    return f"address.{network_of(address)}" if address else None


def ready(found: Standing | Guest, limits: dict[str, int]) -> frames.Ready:
    principal = found.principal
    who = {"kind": principal.kind, "id": str(principal.id), "name": principal.name}
    # Of a visitor of whom nothing is stored: theirs from the first message on.
    token = found.told if isinstance(found, Guest) and found.token is None else None
    return frames.Ready(frames.PROTOCOL, who, limits, token)


def told(found: Standing | Guest) -> list[frames.ServerFrame]:
    """What a visitor hears after ``ready``: what was refused, and the token in the place of theirs."""
    if not isinstance(found, Guest):
        return []
    refused: list[frames.ServerFrame] = [frames.Error(one.code, str(one.message)) for one in found.refusals]
    return [*refused, frames.VisitorFrame(found.told)] if found.token and found.told else refused
