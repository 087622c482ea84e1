"""Posting a message: the first thing that happens is that it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F
from django.utils import timezone

from chat.db import transact
from chat.exceptions import ChatbotOff, KeyReused, NotFound
from chat.hints import conversation_group, hint, hint_row
from chat.models import Attachment, Contact, Conversation, Message, MessageType, Reply
from chat.prepared import Prepared, PreparedUpdate
from chat.principals import Principal, Visit
from chat.replies.attempts import create_reply
from chat.selectors import (
    chatbot_for,
    conversation_for,
    message_for,
    newest_reply,
    open_replies_of,
    replies_now,
)
from chat.selectors.people import user_of
from chat.services.attachments import attach
from chat.services.contents import PLAIN, Details, Json, check_values, checked, title_of
from chat.services.daily_limits import count_message

#: The positions that a question and its answer take.
TURN = 2


@dataclass(frozen=True, slots=True)
class Posted:
    """``reply`` is None when the conversation's automatic replies are off; ``created``: it is no repeat.
    ``attached`` is known of a new one."""

    message: Message
    reply: Reply | None
    attached: list[Attachment]
    created: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be stored. ``process``, with ``start``, takes the reply at once if nothing is before it."""

    id: UUID
    conversation: UUID
    content: str
    chatbot: UUID | None
    attachments: list[UUID]
    query_metadata: Json | None
    details: Details
    process: UUID | None
    start: bool
    begins: bool
    always: bool
    address: str | None


def post_message(
    *,
    principal: Principal,
    id: UUID,
    conversation: UUID,
    content: str,
    chatbot: UUID | None = None,
    attachments: list[UUID] | None = None,
    query_metadata: Json | None = None,
    details: Details = PLAIN,
    process: UUID | None = None,
    start: bool = False,
    begins: bool = True,
    always: bool = False,
    address: str | None = None,
) -> Posted:
    """Store an incoming message together with the reply that will answer it, in one transaction.

    The client makes ``id``, and the conversation's id when it begins a new one. A repeat by the same
    principal returns the first result; an id of somebody else's is ``NotFound``, and unless it ``begins`` so
    is a conversation that does not exist. ``process`` is the runner that will take the reply; without one a
    worker adopts it. With ``start`` the reply is ``running`` from the beginning when nothing else is open in
    the conversation: the caller runs it. ``always``: it is answered whatever the switches and hours of
    automatic replies say. ``address`` is where a stranger without a visit comes from.

    Raises ``DailyLimit`` for visitors who have written enough today, and ``ChatbotOff``.
    """
    content = checked(content, attachments, details)
    check_values(query_metadata, details.content_payload, details.canvas, details.metadata)
    how = process, start, begins, always, address
    draft = Draft(id, conversation, content, chatbot, attachments or [], query_metadata, details, *how)
    for _attempt in range(2):
        if first := first_result(principal, id, details.request_digest):
            return first
        try:
            return _store(principal, draft)
        except IntegrityError:
            continue  # the same id was stored at the same moment: return that one
    raise NotFound


_made_by: Prepared[str] = Prepared(
    lambda id: Message.objects.filter(pk=id).order_by().values_list("created_by", flat=True), id=UUID
)
_contacts_there: Prepared[UUID] = Prepared(
    lambda id, organization: Contact.objects.filter(
        pk=id, organization=organization, deleted_at=None
    ).values_list("pk", flat=True),
    id=UUID,
    organization=UUID,
)
_conversations_there: Prepared[UUID] = Prepared(
    lambda id: Conversation.objects.filter(pk=id).values_list("pk", flat=True), id=UUID
)


def first_result(principal: Principal, id: UUID, digest: str) -> Posted | None:
    """What is stored under the id. Raises ``NotFound`` for somebody else's, and ``KeyReused`` where another
    request asked for it."""
    existing = _made_by(id=id)
    if not existing:
        return None
    if existing != [principal.label]:
        raise NotFound
    message = message_for(principal, id)
    if message.request_digest != digest:
        raise KeyReused
    return Posted(message, newest_reply(message), [], created=False)


@transact()
def _store(principal: Principal, draft: Draft) -> Posted:
    conversation = open_conversation(principal, draft)
    position = conversation.last_position - TURN + 1
    message = Message(
        id=draft.id,
        conversation=conversation,
        position=position,
        type=MessageType.INCOMING,
        created_by=principal.label,
        content=draft.content,
        query_metadata=draft.query_metadata,
        **(draft.details.columns if draft.details is not PLAIN else {}),
        **sender_of(principal, conversation, draft.details.sender),
    )
    message.save(force_insert=True)
    attached = attach(principal, message, draft.attachments)
    if attached and not conversation.title and not draft.content.strip():
        name_after(conversation, attached[0])
    reply = None
    if draft.always or ((draft.content.strip() or attached) and replies_now(conversation)):
        reply = create_reply(
            message,
            position=position + 1,
            attempt=1,
            asked_by=principal.label,
            process=draft.process,
            start=draft.start and not (position > 1 and open_replies_of(conversation)),
        )
    hint(conversation_group(conversation.pk), what="message", id=message.pk, conversation=conversation.pk)
    hint_row(conversation)
    count_message(principal, conversation, content=draft.content, address=draft.address)
    return Posted(message, reply, attached, created=True)


def open_conversation(principal: Principal, draft: Draft) -> Conversation:
    """Theirs, or a new one under the id they made, with the draft as its last message. Somebody else's id
    is ``NotFound``."""
    if _conversations_there(id=draft.conversation):
        conversation = conversation_for(principal, draft.conversation)
        if not conversation.chatbot.is_active:
            raise ChatbotOff
        take_turn(conversation, draft)
        return conversation
    if not draft.begins:
        raise NotFound
    visit = principal.visit
    conversation = Conversation(
        id=draft.conversation,
        organization_id=principal.organization_id,
        chatbot=chatbot_for(principal, visit.chatbot if visit else draft.chatbot),
        owner_id=principal.id if principal.kind == "member" else None,
        contact_id=principal.contact_id,
        created_by=principal.label,
        title=title_of(draft.content),
        last_position=TURN,
        last_message_id=draft.id,
        last_read_at=timezone.now(),
        **(_of_visit(visit) if visit else {}),
    )
    conversation.save(force_insert=True)
    return conversation


def name_after(conversation: Conversation, file: Attachment) -> None:
    """A conversation that begins with files alone is called like the first of them."""
    conversation.title = title_of(file.filename)
    Conversation.objects.filter(pk=conversation.pk, title="").update(title=conversation.title)


def _of_visit(visit: Visit) -> Json:
    recorded = timezone.now() if visit.address else None
    return {"inbox_id": visit.inbox, "ip_address": visit.address, "ip_recorded_at": recorded}


_add_turn = PreparedUpdate(
    lambda conversation, **_: Conversation.objects.filter(pk=conversation),
    lambda conversation, message, at: {
        "last_position": F("last_position") + TURN,
        "last_message": message,
        "last_message_created_at": at,
        "last_read_at": at,
        "unread_messages_count": 0,
    },
    conversation=UUID,
    message=UUID,
    at=datetime,
)
_last_position: Prepared[int] = Prepared(
    lambda id: Conversation.objects.filter(pk=id).values_list("last_position", flat=True), id=UUID
)


def take_turn(conversation: Conversation, draft: Draft) -> None:
    """Two positions, of a question and its answer; the update keeps the row locked until the transaction
    ends."""
    if not _add_turn(conversation=conversation.pk, message=draft.id, at=timezone.now()):
        raise NotFound  # deleted a moment ago
    (conversation.last_position,) = _last_position(id=conversation.pk)
    if not conversation.title:
        Conversation.objects.filter(pk=conversation.pk, title="").update(title=title_of(draft.content))


def sender_of(principal: Principal, conversation: Conversation, contact: UUID | None = None) -> Json:
    """Who wrote it: of what a program hands in, the contact that it names or else the conversation's."""
    match principal.kind:
        case "member":
            return {"sender_user_id": principal.id}
        case "visitor":
            return {"sender_contact_id": principal.contact_id}
        case _:
            if contact and not _contacts_there(id=contact, organization=principal.organization_id):
                raise NotFound
            if contact := contact or conversation.contact_id:
                return {"sender_contact_id": contact}
            return {"sender_user_id": user_of(principal)}
