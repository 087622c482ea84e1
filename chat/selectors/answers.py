"""What became of a question, for programs that ask again until there is an answer."""

from __future__ import annotations

from itertools import accumulate
from typing import Literal, NamedTuple

from django.db.models import Q
from django.db.models.functions import Length

from chat.models import Conversation, Message, MessageType, ReplyState
from chat.selectors.replies import OPEN, newest_reply


class Answer(NamedTuple):
    status: Literal["pending", "ready", "failed"]
    text: str = ""


def answer_to(message: Message) -> Answer:
    """The newest attempt's. Where no reply was asked for, because a person answers there, it is what they
    write before the next question. Part of a reply is no answer."""
    reply = newest_reply(message)
    if reply is None:
        return _of_a_person(message)
    if reply.state in OPEN:
        return Answer("pending")
    if reply.state != ReplyState.COMPLETE:
        return Answer("failed")
    return Answer("ready", Message.objects.values_list("content", flat=True).get(pk=reply.outgoing_id))


def _of_a_person(message: Message) -> Answer:
    later = Message.objects.filter(
        conversation=message.conversation_id, superseded=False, position__gt=message.position
    ).order_by("position")
    text = ""
    for one in later.only("type", "content")[:20]:
        if one.type == MessageType.INCOMING:
            break
        text = f"{text}\n\n{one.content}".strip()
    return Answer("ready", text) if text else Answer("pending")


#: How many messages of a history come at once, and how many characters: HTML is made of all of them.
HISTORY_MESSAGES = 200
HISTORY_CHARACTERS = 500_000


def history_of(conversation: Conversation, *, before: Message | None = None) -> list[Message]:
    """What was said last, oldest first, each answer with its question. Part of a reply is left out, whether
    more of it comes or not: ``answer_to`` calls it none."""
    said = Q(reply=None) | Q(reply__state=ReplyState.COMPLETE)
    rows = (
        Message.objects.filter(said, conversation=conversation, superseded=False)
        .exclude(content="")
        .order_by("-position")
    )
    if before is not None:
        rows = rows.filter(position__lt=before.position)
    lengths = list(rows.values_list("pk", Length("content"))[:HISTORY_MESSAGES])
    sums = accumulate(length for _, length in lengths)
    fitting = [pk for (pk, _), total in zip(lengths, sums, strict=True) if total <= HISTORY_CHARACTERS]
    shown = Message.objects.filter(pk__in=fitting or [pk for pk, _ in lengths[:1]]).order_by("position")
    return list(
        shown.select_related("reply__incoming").only(
            "type", "content", "position", "created_at", "delivery", "reply__incoming__delivery"
        )
    )
