"""Who calls without a key: as whom in a conversation whose id they have, and how often."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from rest_framework.request import Request

from chat.limits import address_of, network_of, take_files, take_request
from chat.models import Conversation
from chat.principals import Principal
from chat.selectors.visitors import visitor_for
from chat.services.uploads import check_size, check_takes_files

#: One of so many requests that are let in may begin a conversation, and one a file: those are rows that stay.
BEGINNING = 6


def reader_of(caller: Principal | None, conversation: UUID) -> Principal:
    """The key that calls, or the visitor that a stranger is by the conversation's id. Raises ``NotFound``."""
    return caller or visitor_for(conversation)


def count_beginning(request: Request) -> str | None:
    """The stranger's address, to be kept with the conversation that they begin."""
    address = address_of(request.META)
    network = network_of(address)
    take_request(f"begin:{network}", settings.API_STRANGERS_PER_MINUTE // BEGINNING)
    return address if network != "unknown" else None


def count_upload(request: Request, size: int) -> None:
    """All strangers share the room for files that wait to be registered: one address must not fill it. A file
    that is too large for anybody uses up nothing."""
    check_size(size)
    network = network_of(address_of(request.META))
    take_request(f"upload:{network}", settings.API_STRANGERS_PER_MINUTE // BEGINNING)
    take_files(f"form:{network}", size)


def count_files(request: Request, conversation: Conversation, size: int = 0, *, count: int = 1) -> None:
    """A conversation costs a stranger nothing, so attachments made there count by address. What was sent with
    a form was counted with its size. Raises ``NotAllowed`` where no files are taken."""
    check_takes_files(conversation.inbox_id)
    take_files(network_of(address_of(request.META)), size, count=count)
