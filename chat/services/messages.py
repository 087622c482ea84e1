"""Posting a message: the first thing that happens is that it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest, NotFound, TooLarge
from chat.hints import conversation_group, hint, hint_row
from chat.models import Attachment, Conversation, Message, MessageType, Reply, ReplyState
from chat.principals import Principal
from chat.selectors import (
    attachments_for,
    chatbot_for,
    conversation_for,
    message_for,
    newest_reply,
    open_replies_of,
)

MESSAGE_BYTES = 32 * 1024
TITLE_CHARACTERS = 60
#: What encodes JSON for the socket gives up on deep values, when the message would have been stored already.
METADATA_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Posted:
    """``reply`` is None when the conversation's automatic replies are off; ``created``: it is no repeat."""

    message: Message
    reply: Reply | None
    created: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be stored. ``process``, with ``start``, takes the reply at once if nothing is before it."""

    id: UUID
    conversation: UUID
    content: str
    chatbot: UUID | None
    attachments: list[UUID]
    query_metadata: dict[str, Any] | None
    process: UUID | None
    start: bool


def post_message(
    *,
    principal: Principal,
    id: UUID,
    conversation: UUID,
    content: str,
    chatbot: UUID | None = None,
    attachments: list[UUID] | None = None,
    query_metadata: dict[str, Any] | None = None,
    process: UUID | None = None,
    start: bool = False,
) -> Posted:
    """Store an incoming message together with the reply that will answer it, in one transaction.

    The client makes ``id``, and the conversation's id when it begins a new one. A repeat by the same
    principal returns the first result; an id of somebody else's is ``NotFound``. ``process`` is the runner
    that will take the reply; without one any process adopts it. With ``start`` the reply is ``running`` from
    the beginning when nothing else is open in the conversation: the caller runs it.
    """
    content = checked(content, attachments)
    if not is_plain(query_metadata, depth=METADATA_DEPTH):
        raise BadRequest
    draft = Draft(id, conversation, content, chatbot, attachments or [], query_metadata, process, start)
    for _attempt in range(2):
        if first := first_result(principal, id):
            return first
        try:
            return _store(principal, draft)
        except IntegrityError:
            continue  # the same id was stored at the same moment: return that one
    raise NotFound


def checked(content: str, attachments: list[UUID] | None) -> str:
    content = content.replace("\x00", "")
    try:
        size = len(content.encode())
    except UnicodeEncodeError:
        raise BadRequest(_("This message holds characters that are not text.")) from None
    if size > MESSAGE_BYTES:
        kilobytes = -(-(size - MESSAGE_BYTES) // 1024)
        raise TooLarge(
            _("This message is %(size)d KB too long. Shorten it, or attach it as a file.")
            % {"size": kilobytes}
        )
    if not content.strip() and not attachments:
        raise BadRequest(_("This message is empty. Write something and send it again."))
    return content


def is_plain(value: Any, *, depth: int) -> bool:
    """Whether JSON is at most so deep and without NUL, which PostgreSQL does not store."""
    match value:
        case str():
            return "\x00" not in value
        case dict():
            return depth > 0 and all(is_plain(one, depth=depth - 1) for pair in value.items() for one in pair)
        case list():
            return depth > 0 and all(is_plain(one, depth=depth - 1) for one in value)
        case _:
            return True


def first_result(principal: Principal, id: UUID) -> Posted | None:
    existing = Message.objects.filter(pk=id).values_list("created_by", flat=True).first()
    if existing is None:
        return None
    if existing != principal.label:
        raise NotFound
    message = message_for(principal, id)
    return Posted(message, newest_reply(message), created=False)


@transact()
def _store(principal: Principal, draft: Draft) -> Posted:
    conversation = open_conversation(principal, draft)
    position = take_positions(conversation, 2)
    message = Message(
        id=draft.id,
        conversation=conversation,
        position=position,
        type=MessageType.INCOMING,
        created_by=principal.label,
        content=draft.content,
        query_metadata=draft.query_metadata,
        **sender_of(principal),
    )
    message.save(force_insert=True)
    attach(principal, message, draft.attachments)
    reply = None
    if conversation.auto_reply_enabled:
        reply = create_reply(
            message,
            position=position + 1,
            attempt=1,
            principal=principal,
            process=draft.process,
            start=draft.start and not (position > 1 and open_replies_of(conversation)),
        )
    rows = Conversation.objects.filter(pk=conversation.pk)
    if not conversation.title:
        rows.filter(title="").update(title=title_of(draft.content))
    rows.update(
        last_message=message,
        last_message_created_at=timezone.now(),
        last_read_at=Now(),
        unread_messages_count=0,
    )
    hint(conversation_group(conversation.pk), what="message", id=message.pk, conversation=conversation.pk)
    hint_row(conversation)
    return Posted(message, reply, created=True)


def open_conversation(principal: Principal, draft: Draft) -> Conversation:
    """Theirs, or a new one under the id they made. Somebody else's id is ``NotFound``."""
    if Conversation.objects.filter(pk=draft.conversation).exists():
        return conversation_for(principal, draft.conversation)
    conversation = Conversation(
        id=draft.conversation,
        organization_id=principal.organization_id,
        chatbot=chatbot_for(principal, draft.chatbot),
        owner_id=principal.id if principal.kind == "member" else None,
        contact_id=principal.id if principal.kind == "visitor" else None,
        created_by=principal.label,
    )
    conversation.save(force_insert=True)
    return conversation


def take_positions(conversation: Conversation, count: int) -> int:
    """The first of the next positions; the update keeps the row locked until the transaction ends."""
    rows = Conversation.objects.filter(pk=conversation.pk)
    if not rows.update(last_position=F("last_position") + count):
        raise NotFound  # deleted a moment ago
    return rows.values_list("last_position", flat=True)[0] - count + 1


def attach(principal: Principal, message: Message, ids: list[UUID]) -> None:
    if ids:
        files = [file.pk for file in attachments_for(principal, ids)]
        Attachment.objects.filter(pk__in=files).update(message=message, conversation=message.conversation_id)


def sender_of(principal: Principal) -> dict[str, UUID]:
    match principal.kind:
        case "member":
            return {"sender_user_id": principal.id}
        case "visitor":
            return {"sender_contact_id": principal.id}
        case _:
            return {}


def create_reply(
    message: Message,
    *,
    position: int,
    attempt: int,
    principal: Principal,
    process: UUID | None,
    start: bool = False,
) -> Reply:
    """A reply and the outgoing message that it will fill: queued, or with ``start`` running."""
    outgoing = Message(
        conversation_id=message.conversation_id,
        position=position,
        type=MessageType.OUTGOING,
        created_by="system:reply",
    )
    outgoing.save(force_insert=True)
    reply = Reply(
        conversation=message.conversation,
        incoming=message,
        outgoing=outgoing,
        attempt=attempt,
        runner=process,
        asked_by=principal.label,
    )
    if start and process is not None:
        reply.state, reply.fence, reply.started_at = ReplyState.RUNNING, 1, timezone.now()
    reply.save(force_insert=True)
    return reply


def title_of(content: str) -> str:
    """The first line, cut at a word: what the sidebar shows until somebody renames it."""
    line = next((line.strip("#>*-` \t") for line in content.splitlines() if line.strip("#>*-` \t")), "")
    line = " ".join(line.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    head = line[:TITLE_CHARACTERS]
    cut = head.rfind(" ")
    return (head[:cut] if cut > TITLE_CHARACTERS // 2 else head).rstrip(" .,;:!?、，。；：！？") + "…"
