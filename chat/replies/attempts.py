"""Attempts to answer a message: the reply and the outgoing message that it will fill.

Nobody waits before a reply that was asked for in the background, and nobody can ask for it again. So when the
process that makes it dies or is ended, or its database does not answer, another attempt takes its place, and
only that one's end is told.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.hints import conversation_group, hint, wake
from chat.models import Message, MessageType, Reply, ReplyState

#: Begins ``asked_by`` of a reply that was asked for without a process.
BACKGROUND = "background:"
#: What a reply ends with that was not asked, or not to its end, because of its process.
NOT_ITS_OWN = {"worker_lost", "storage_busy", "storage_full"}
#: After so many that a process took with it, the question itself may be what kills them.
ATTEMPTS = 3


def create_reply(
    message: Message,
    *,
    position: int,
    attempt: int,
    asked_by: str,
    process: UUID | None,
    start: bool = False,
) -> Reply:
    """A reply and the outgoing message that it will fill: queued, or with ``start`` running. Without a
    process a worker adopts it."""
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
        asked_by=asked_by if process else BACKGROUND + asked_by.removeprefix(BACKGROUND),
    )
    if start and process is not None:
        reply.state, reply.fence, reply.started_at = ReplyState.RUNNING, 1, timezone.now()
    reply.save(force_insert=True)
    if process is None:
        transaction.on_commit(lambda: wake("work"))
    return reply


def asked_again(ended: Reply) -> bool:
    """Make another attempt in the place of one that its process took with it, if it is to have one."""
    if not ended.asked_by.startswith(BACKGROUND) or ended.attempt >= ATTEMPTS:
        return False
    incoming, outgoing = ended.incoming, ended.outgoing
    Message.objects.filter(pk=outgoing.pk).update(superseded=True)
    create_reply(
        incoming,
        position=outgoing.position,
        attempt=ended.attempt + 1,
        asked_by=ended.asked_by,
        process=None,
    )
    group = conversation_group(ended.conversation_id)
    hint(group, what="message", id=incoming.pk, conversation=ended.conversation_id)
    return True
