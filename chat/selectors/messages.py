"""Messages with all that is shown of them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, Prefetch, Q, QuerySet

from chat.cursors import Skipped
from chat.exceptions import NotFound
from chat.models import Conversation, Message, Reply
from chat.principals import Principal
from chat.selectors.attachments import in_order
from chat.selectors.conversations import conversations_of, one_for, theirs
from chat.selectors.replies import OPEN


def message_for(principal: Principal, id: UUID) -> Message:
    found = _messages().filter(pk=id, conversation__in=conversations_of(principal)).first()
    if found is None:
        raise NotFound
    return found


def reply_for(principal: Principal, id: UUID) -> Reply:
    return one_for(principal, _replies, id)


def reply_to_read(principal: Principal, id: UUID) -> Reply:
    """With its conversation and its outgoing message, which has what is cited."""
    return one_for(principal, _replies_to_read, id)


def _replies(principal: Principal) -> QuerySet[Reply]:
    return Reply.objects.filter(theirs(principal, of="conversation__"))


def _replies_to_read(principal: Principal) -> QuerySet[Reply]:
    return _replies(principal).select_related("conversation", "outgoing")


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """Newest first, each with its attachments, feedback and reply; superseded attempts are left out."""
    return _messages().filter(conversation=conversation, superseded=False).order_by("-position")


#: By what lists of messages are ordered, all descending: of one conversation, and of all.
IN_ONE: tuple[str, ...] = ("position",)
IN_ALL: tuple[str, ...] = ("active", "conversation_id", "position")


#: The long columns of a reply, of which only the end is shown.
UNSEEN = ("reply__text", "reply__reasoning", "reply__error_detail")


def rest_messages(principal: Principal) -> QuerySet[Message]:
    """Each with all that the REST API shows of it. Answers that are not finished are left out, and so are
    those that another attempt took the place of."""
    return (
        Message.objects.filter(theirs(principal, of="conversation__"), superseded=False)
        .exclude(reply__state__in=OPEN)
        .select_related("sender_user", "sender_contact", "feedback", "reply")
        .defer(*UNSEEN)
        .prefetch_related(
            in_order(), Prefetch("conversation", Conversation.objects.select_related("chatbot"))
        )
    )


def rest_messages_of(principal: Principal, conversation: UUID) -> QuerySet[Message]:
    """Those of one conversation, newest first."""
    return rest_messages(principal).filter(conversation=conversation).order_by("-position")


def all_rest_messages(principal: Principal) -> QuerySet[Message]:
    """Those of all conversations, of the most recent conversation first and there the newest first. No index
    has the messages of an organization by their own time; this order is the one of its conversations."""
    rows = rest_messages(principal).annotate(active=F("conversation__last_message_created_at"))
    return rows.order_by("-active", "-conversation_id", "-position")


def count_rest_messages(principal: Principal, conversation: UUID | None, *, upto: int) -> int:
    """How many there are, in all conversations or in one, counted to a bound. Open replies are taken off
    afterwards: to look for one behind each message takes ten times as long."""
    messages, replies = _counted(principal, conversation)
    found = messages.values("position")[:upto].count()
    return found if found == upto else found - replies.count()


def skip_rest_messages(principal: Principal, conversation: UUID | None, offset: int) -> Skipped | None:
    """The first so many messages of a list, open replies among them: an index has all that this reads, where
    looking behind each message for its reply takes three times as long."""
    messages, replies = _counted(principal, conversation)
    if conversation is None:
        messages = messages.annotate(active=F("conversation__last_message_created_at"))
        replies = replies.annotate(active=F("conversation__last_message_created_at"))
    keys = IN_ALL if conversation is None else IN_ONE
    ordered = messages.order_by(*(f"-{key}" for key in keys)).values_list(*keys)
    last = next(iter(ordered[offset - 1 : offset]), None)
    if last is None:
        return None
    replies = replies.annotate(position=F("outgoing__position")).filter(**{f"{keys[0]}__gte": last[0]})
    return Skipped(last, sum(key >= last for key in replies.values_list(*keys)))


def _counted(principal: Principal, conversation: UUID | None) -> tuple[QuerySet[Message], QuerySet[Reply]]:
    """The messages of a list, without any order, and the open replies that it leaves out."""
    mine = theirs(principal, of="conversation__")
    if conversation is not None:
        mine &= Q(conversation=conversation)
    messages = Message.objects.filter(mine, superseded=False).order_by()
    return messages, Reply.objects.filter(mine, state__in=OPEN, outgoing__superseded=False).order_by()


def rest_message_for(principal: Principal, id: UUID) -> Message:
    found = rest_messages(principal).filter(pk=id).first()
    if found is None:
        raise NotFound
    return found


def _messages() -> QuerySet[Message]:
    attempts = Reply.objects.order_by("-attempt").defer("text", "reasoning", "error_detail")
    return Message.objects.select_related(
        "sender_user", "sender_contact", "feedback", "reply"
    ).prefetch_related(in_order(), Prefetch("replies", queryset=attempts))
