"""The tokens that a web chat may spend in a day (UTC), kept in the database.

    a reply begins -> reserve: what it may cost is kept for it, or it is refused
    it ends, however -> settle: what it has cost takes the place of that

The reply knows its reservation. Whoever ends it settles it, in the transaction that writes the end: its own
process, or the one that takes over when that is dead. So it is settled once. That of a reply which is deleted
while it runs stays until the day is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from chat.completions.budget import estimated_tokens, prompt_tokens, room_for_prompt
from chat.db import hold_briefly, transact
from chat.exceptions import Conflict, DailyLimit
from chat.models import (
    EVERYBODY,
    DailyUsage,
    Provider,
    Reply,
    ReplyState,
    WebChat,
    seconds_of_today,
    today,
)
from chat.prepared import Prepared
from chat.replies.prompt import Asked

#: ``webChat`` and ``day`` say of whose tokens; ``prompt`` are those of the question, ``tokens`` all of them.
Reservation = dict[str, Any]

SPENT = _("This chat has answered as much today as it can. Your message is saved.")
#: The endpoint did not take the question.
FREE = {"upstream_unreachable", "upstream_busy", "upstream_error"}

_budgets: Prepared[tuple[UUID, int | None]] = Prepared(
    lambda inbox: WebChat.objects.filter(inbox=inbox, tokens_per_day__gt=0).values_list(
        "pk", "tokens_per_day"
    ),
    inbox=UUID,
)


def reserve(reply: Reply, asked: Asked) -> Reservation | None:
    """Keep what a running reply may cost. None: its web chat has no budget, or its endpoint has no price.
    Raises ``DailyLimit``, or ``Conflict`` if somebody has taken the reply away."""
    inbox, endpoint = reply.conversation.inbox_id, asked.endpoint
    budgets = _budgets(inbox=inbox) if inbox and endpoint.provider != Provider.BUILTIN else []
    for web_chat, budget in budgets:
        prompt = prompt_tokens(asked.prompt, endpoint.context_tokens)
        tokens = prompt + endpoint.context_tokens - room_for_prompt(endpoint.context_tokens)
        reservation = {"webChat": str(web_chat), "day": str(today()), "prompt": prompt, "tokens": tokens}
        _keep(reply, reservation, budget or 0)
        return reservation
    return None


@transact()
def _keep(reply: Reply, reservation: Reservation, budget: int) -> None:
    held = Reply.objects.filter(pk=reply.pk, state=ReplyState.RUNNING, runner=reply.runner, fence=reply.fence)
    if not held.update(reservation=reservation):
        raise Conflict
    tokens = reservation["tokens"]
    hold_briefly()
    kept = DailyUsage.objects.add(
        UUID(reservation["webChat"]),
        date.fromisoformat(reservation["day"]),  # a new one may have begun since
        EVERYBODY,
        room=Q(tokens_used__lte=budget - tokens - F("tokens_reserved")),
        tokens_reserved=F("tokens_reserved") + tokens,
    )
    if not kept:
        raise DailyLimit(SPENT, retry_after=seconds_of_today())


def settle(reservation: Reservation, *, text: str, usage: dict[str, int] | None, error_code: str) -> None:
    """Call it last in the transaction that ends the reply: all replies of the web chat need the row."""
    _settle([(reservation, cost(reservation, text=text, usage=usage, error_code=error_code))])


def settle_lost(replies: Sequence[Reply]) -> None:
    """The same for replies that were ended for a process which is dead, with the texts that are stored."""
    held = {reply.pk: reply.reservation for reply in replies if reply.reservation}
    if held:
        texts = Reply.objects.filter(pk__in=held).values_list("pk", "text")
        _settle((held[pk], cost(held[pk], text=text, usage=None, error_code="")) for pk, text in texts)


def cost(reservation: Reservation, *, text: str, usage: dict[str, int] | None, error_code: str) -> int:
    """As the endpoint has counted it, or else by the length of what went there and came back."""
    if usage is not None:
        return usage["promptTokens"] + usage["completionTokens"]
    if error_code in FREE and not text:
        return 0
    return int(reservation["prompt"]) + estimated_tokens(text)


def _settle(costs: Iterable[tuple[Reservation, int]]) -> None:
    kept: Counter[tuple[str, str]] = Counter()
    spent: Counter[tuple[str, str]] = Counter()
    for reservation, tokens in costs:
        place = reservation["webChat"], reservation["day"]
        kept[place] += reservation["tokens"]
        spent[place] += tokens
    hold_briefly()
    for web_chat, day in sorted(kept):  # always in one order: nobody waits for somebody who waits for them
        DailyUsage.objects.filter(web_chat=UUID(web_chat), day=day, who=EVERYBODY).update(
            # Whatever was counted wrongly must not keep a reply from ending.
            tokens_reserved=Greatest(F("tokens_reserved") - kept[web_chat, day], 0),
            tokens_used=F("tokens_used") + spent[web_chat, day],
        )
