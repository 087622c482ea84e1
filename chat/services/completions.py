"""Asking a chatbot as a program does that waits for the answer: one question, one reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal
from uuid import UUID, uuid4, uuid5

from django.utils.translation import gettext_lazy as _

from chat.db import transact
from chat.exceptions import BadRequest, NotFound
from chat.models import Chatbot, Contact, Conversation, Message, MessageType, Reply
from chat.principals import Principal
from chat.selectors import attachments_for, chatbot_for, conversation_for
from chat.services.attachments import resolve
from chat.services.contents import PLAIN, Details, Json, title_of
from chat.services.messages import Posted, post_message, sender_of
from chat.services.repeats import once
from chat.services.web_chats import api_web_chat


@dataclass(frozen=True, slots=True)
class Said:
    """A turn of a conversation that the program keeps itself."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``conversation`` is None for a new one, which may begin with what was said ``earlier``.

    ``attachments`` are as ``chat.services.attachments.resolve`` takes them.
    """

    chatbot: UUID
    content: str
    conversation: UUID | None = None
    attachments: Sequence[UUID | Mapping[str, str]] = ()
    query_metadata: Json | None = None
    details: Details = PLAIN
    earlier: Sequence[Said] = ()


def post_question(
    principal: Principal, question: Question, process: UUID, start: bool, *, idempotency_key: str = ""
) -> tuple[Posted, Reply | None]:
    """As ``chat.replies.asking`` takes it: what ``ask_chatbot`` returns, and the reply if it is new."""
    posted = ask_chatbot(
        principal=principal,
        question=question,
        idempotency_key=idempotency_key,
        process=process,
        start=start,
    )
    return posted, posted.reply if posted.created else None


def ask_chatbot(
    *,
    principal: Principal,
    question: Question,
    idempotency_key: str = "",
    process: UUID | None = None,
    start: bool = False,
) -> Posted:
    """Store the question with the reply that will answer it, also where automatic replies are off.

    The ``idempotency_key`` is as in ``once``, ``process`` and ``start`` as in ``post_message``.
    """
    asked = asdict(question) if idempotency_key else {}
    return once(principal, idempotency_key, asked, partial(_ask, principal, question, process, start))


def _ask(
    principal: Principal, question: Question, process: UUID | None, start: bool, id: UUID, digest: str
) -> Posted:
    return _store(principal, question, _files(principal, question), id, digest, process, start)


def _files(principal: Principal, question: Question) -> list[UUID]:
    """Before the transaction: storages take their time."""
    if not question.attachments:
        return []
    files = resolve(principal=principal, given=question.attachments)
    try:
        attachments_for(principal, files, question.conversation)
    except NotFound:
        raise BadRequest(_("There is no such attachment, or it was sent before.")) from None
    return files


@transact()
def _store(
    principal: Principal,
    question: Question,
    files: list[UUID],
    id: UUID,
    digest: str,
    process: UUID | None,
    start: bool,
) -> Posted:
    conversation = _conversation(principal, question, uuid5(id, "conversation") if digest else uuid4())
    values = {name: getattr(question.details, name) for name in Details.__dataclass_fields__}
    return post_message(
        principal=principal,
        id=id,
        conversation=conversation.pk,
        content=question.content,
        attachments=files,
        query_metadata=question.query_metadata,
        details=Details(**{**values, "request_digest": digest}),
        process=process,
        start=start,
        begins=False,
        always=True,
    )


def _conversation(principal: Principal, question: Question, new: UUID) -> Conversation:
    chatbot = chatbot_for(principal, question.chatbot)
    if question.conversation is None:
        return _begin(principal, question, chatbot, new)
    conversation = conversation_for(principal, question.conversation)
    if conversation.chatbot_id != chatbot.pk:
        raise BadRequest(_("This conversation is with another chatbot."))
    return conversation


def is_contact(principal: Principal, id: UUID) -> bool:
    """Whether a message may be handed in as from this contact."""
    theirs = Contact.objects.filter(organization=principal.organization_id, deleted_at=None)
    return theirs.filter(pk=id).exists()


def _begin(principal: Principal, question: Question, chatbot: Chatbot, id: UUID) -> Conversation:
    conversation = Conversation(
        id=id,
        organization_id=principal.organization_id,
        chatbot=chatbot,
        inbox=api_web_chat(chatbot).inbox,
        contact_id=question.details.sender,
        created_by=principal.label,
        title=title_of(question.earlier[0].content if question.earlier else question.content),
        last_position=len(question.earlier),
    )
    who = sender_of(principal, conversation, question.details.sender)
    conversation.save(force_insert=True)
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            position=position,
            type=MessageType.INCOMING if said.role == "user" else MessageType.OUTGOING,
            created_by=principal.label,
            content=said.content,
            **(who if said.role == "user" else {}),
        )
        for position, said in enumerate(question.earlier, start=1)
    )
    return conversation
