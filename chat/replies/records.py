"""The rows of running replies: claim one, store its text as it grows, end it. Every write is fenced."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from chat.completions.deltas import Endpoint
from chat.db import comes_back, refusal, transact
from chat.exceptions import ChatError, Internal
from chat.hints import hint_row, hint_rows
from chat.models import ENDED, Conversation, Message, Provider, Reply, ReplyState
from chat.prepared import Prepared, PreparedUpdate
from chat.replies.attempts import NOT_ITS_OWN, asked_again
from chat.replies.budgets import Reservation, reserve, settle
from chat.replies.prompt import Asked, asked
from chat.webhooks.outbox import announce, announce_all

logger = logging.getLogger(__name__)


#: Whose the queued replies of a process are that begins none any more. It has no lease: whoever lives takes
#: them over.
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one reply, and what to ask for it. ``fault``: why it cannot be asked at all."""

    reply: UUID
    conversation: UUID
    asked_in: Conversation
    outgoing: UUID
    attempt: int
    fence: int
    process: UUID
    asked: Asked | None
    fault: ChatError | None = None
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    state: ReplyState
    text: str
    seq: int
    reasoning: str = ""
    error_code: str = ""
    error_detail: str = ""
    retry_at: datetime | None = None
    finish_reason: str = ""
    upstream_conversation: str = ""
    usage: dict[str, int] | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)
    citation_nodes: list[dict[str, Any]] = field(default_factory=list)
    first_token_at: datetime | None = None
    upstream_closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    reply: UUID
    fence: int
    seq: int
    text: str


def claim(reply_id: UUID, process: UUID) -> Claim | None:
    """Take the next queued reply of its conversation. None: it is not its turn, not queued, or taken."""
    taken = _take(reply_id, process)
    return claim_of(taken) if taken else None


def claim_of(reply: Reply) -> Claim:
    """The claim to a reply that is running in its process already. It is one whatever goes wrong: without a
    task nobody would end the reply."""
    asking, fault, reservation = None, None, None
    try:
        asking = asked(reply)
        reservation = reserve(reply, asking)
    except ChatError as error:
        asking, fault = None, error
    except (OperationalError, InterfaceError) as error:
        asking, fault = None, refusal(error)
        if comes_back(error):
            logger.exception("storage_busy", extra={"code": fault.code})
    except Exception:
        asking, fault = None, Internal()
        logger.exception("reply_crashed")
    assert reply.runner is not None  # noqa: S101 (a running reply has one)
    return Claim(
        reply=reply.pk,
        conversation=reply.conversation_id,
        asked_in=reply.conversation,
        outgoing=reply.outgoing_id,
        attempt=reply.attempt,
        fence=reply.fence,
        process=reply.runner,
        asked=asking,
        fault=fault,
        reservation=reservation,
    )


def _ready() -> QuerySet[Reply]:
    """Queued replies whose turn it is: nothing runs in their conversation, nothing was asked before."""
    same = Reply.objects.filter(conversation=OuterRef("conversation"))
    running = same.filter(state=ReplyState.RUNNING)
    earlier = same.filter(state=ReplyState.QUEUED, outgoing__position__lt=OuterRef("outgoing__position"))
    return Reply.objects.filter(~Exists(running), ~Exists(earlier), state=ReplyState.QUEUED)


def ready(process: UUID) -> list[UUID]:
    """What this process could start now."""
    return list(_ready().filter(runner=process).order_by("queued_at").values_list("pk", flat=True)[:100])


def hand_over(process: UUID) -> int:
    """Leave its queued replies to the processes that still begin some. Returns how many there were."""
    with transact():
        return Reply.objects.filter(runner=process, state=ReplyState.QUEUED).update(runner=NOBODY)


_whole: Prepared[Reply] = Prepared(
    lambda id: Reply.objects.filter(pk=id).select_related(
        "incoming", "conversation__chatbot__language_model", "conversation__llm"
    ),
    id=UUID,
)


def _take(reply_id: UUID, process: UUID) -> Reply | None:
    """One that cannot be read stays in the queue: as a running one it would have no task."""
    ready = _ready().filter(pk=reply_id)
    try:
        with transact():
            taken = Reply.objects.filter(pk__in=ready.values("pk"), state=ReplyState.QUEUED).update(
                state=ReplyState.RUNNING, runner=process, fence=F("fence") + 1, started_at=Now()
            )
            return _whole(id=reply_id)[0] if taken else None
    except IntegrityError:
        return None  # another reply of the conversation began at the same moment


def store_partials(process: UUID, partials: list[Partial]) -> list[UUID]:
    """Store the texts of running replies in one statement. Returns those that are no longer ours."""
    table = Reply._meta.db_table
    key = Reply._meta.pk
    rows = [
        (
            one.text,
            one.seq,
            key.get_db_prep_value(one.reply, connection),
            one.fence,
            key.get_db_prep_value(process, connection),
        )
        for one in partials
    ]
    with transact(), connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET text = %s, seq = %s "  # noqa: S608 (the name is the model's own)
            "WHERE id = %s AND fence = %s AND runner = %s AND state = 'running'",
            rows,
        )
        if cursor.rowcount == len(rows):
            return []
    held = {one.reply: one.fence for one in partials}
    ours = Reply.objects.filter(pk__in=held, runner=process, state=ReplyState.RUNNING).values_list(
        "pk", "fence"
    )
    return [reply for reply, fence in held.items() if (reply, fence) not in set(ours)]


def store_pause(taken: Claim, *, until: datetime, code: str) -> None:
    """The endpoint failed with ``code`` before its first word, and is asked again at that time."""
    with transact():
        Reply.objects.filter(
            pk=taken.reply, state=ReplyState.RUNNING, runner=taken.process, fence=taken.fence
        ).update(retry_at=until, error_code=code)


_end_reply = PreparedUpdate(
    lambda reply, process, fence, **_: Reply.objects.filter(
        pk=reply, state=ReplyState.RUNNING, runner=process, fence=fence
    ),
    lambda reply, process, fence, **values: {**values, "ended_at": Now()},
    reply=UUID,
    process=UUID,
    fence=int,
    state=str,
    text=str,
    seq=int,
    reasoning=str,
    error_code=str,
    error_detail=str,
    retry_at=datetime,
    finish_reason=str,
    usage=dict,
    provider=str,
    model=str,
    first_token_at=datetime,
    upstream_closed_at=datetime,
)
_fill_message = PreparedUpdate(
    lambda id, **_: Message.objects.filter(pk=id),
    lambda id, **values: values,
    id=UUID,
    content=str,
    citations=dict,
    citation_nodes=dict,
)
_raise_conversation = PreparedUpdate(
    lambda id, **_: Conversation.objects.filter(pk=id),
    lambda id, message, at: {
        "last_message": message,
        "last_message_created_at": at,
        "unread_messages_count": F("unread_messages_count") + 1,
    },
    id=UUID,
    message=UUID,
    at=datetime,
)


@transact()
def end(taken: Claim, outcome: Outcome) -> bool:
    """Write the one end of a reply and its message. False: it had already been ended for us."""
    asked_of = taken.asked.endpoint if taken.asked else Endpoint("")
    ended = _end_reply(
        reply=taken.reply,
        process=taken.process,
        fence=taken.fence,
        state=outcome.state.value,
        text=outcome.text,
        seq=outcome.seq,
        reasoning=outcome.reasoning,
        error_code=outcome.error_code,
        error_detail=outcome.error_detail,
        retry_at=outcome.retry_at,
        finish_reason=outcome.finish_reason[:32],
        usage=outcome.usage,
        provider=asked_of.provider,
        model=asked_of.chatbot_id if asked_of.provider == Provider.MAIAGENT else asked_of.model,
        first_token_at=outcome.first_token_at,
        upstream_closed_at=outcome.upstream_closed_at,
    )
    if not ended:
        return False
    _fill_message(
        id=taken.outgoing,
        content=outcome.text,
        citations=outcome.citations,
        citation_nodes=outcome.citation_nodes,
    )
    if not (outcome.error_code in NOT_ITS_OWN and asked_again(Reply.objects.get(pk=taken.reply))):
        arrived(taken.asked_in, taken.outgoing)
    if outcome.upstream_conversation:
        Conversation.objects.filter(pk=taken.conversation).update(
            upstream_chatbot=asked_of.chatbot_id, upstream_conversation=outcome.upstream_conversation
        )
    if taken.reservation:
        text = outcome.reasoning + outcome.text
        settle(taken.reservation, text=text, usage=outcome.usage, error_code=outcome.error_code)
    return True


def arrived(conversation: Conversation, outgoing: UUID) -> None:
    """An outgoing message has got its content: its conversation rises to the top and is unread, and whoever
    wants to hear of it does."""
    _raise_conversation(id=conversation.pk, message=outgoing, at=timezone.now())
    announce(conversation, outgoing)
    hint_row(conversation)


def all_arrived(replies: Sequence[Reply]) -> None:
    """The same for replies of as many conversations, all at once."""
    if not replies:
        return
    message = Reply.objects.filter(pk__in=[reply.pk for reply in replies], conversation=OuterRef("pk"))
    Conversation.objects.filter(pk__in=[reply.conversation_id for reply in replies]).update(
        last_message=Subquery(message.values("outgoing")),
        last_message_created_at=timezone.now(),
        unread_messages_count=F("unread_messages_count") + 1,
    )
    announce_all((reply.conversation, reply.outgoing_id) for reply in replies)
    hint_rows([reply.conversation for reply in replies])


_open_in: Prepared[Reply] = Prepared(
    lambda process: Reply.objects.filter(
        runner=process, state__in=(ReplyState.QUEUED, ReplyState.RUNNING)
    ).only("pk", "state", "stop_requested_at"),
    process=UUID,
)


def open_in(process: UUID) -> list[Reply]:
    """The replies that this process holds, as the database sees it."""
    return _open_in(process=process)


def missed_of(replies: Mapping[UUID, int | None]) -> list[UUID]:
    """Those that have ended, or whose text is stored past this ``seq``."""
    rows = Reply.objects.filter(pk__in=list(replies)).values_list("pk", "state", "seq")
    return [
        reply
        for reply, state, stored in rows
        if state in ENDED or (known := replies[reply]) is not None and stored > known
    ]
