"""What visitors may write in a web chat in a day (UTC): each of them, all at one address, and all together.

The counts are in the database, so that they hold for all processes and outlive them. A message is counted in
the transaction that stores it: one that is refused is neither stored nor counted, and one that is sent again
under its id is counted once. Of an address only a hash is kept, with a key and of this day: it says nothing
about another day or another web chat.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.db import hold_briefly
from chat.exceptions import DailyLimit, TooLarge
from chat.limits import network_of
from chat.models import EVERYBODY, Conversation, DailyUsage, WebChat, seconds_of_today, today
from chat.prepared import Prepared
from chat.principals import Principal

OF_VISITOR = _("You have sent as many messages here as one can in a day. Try again tomorrow.")
OF_ADDRESS = _("As many messages came from your network today as may come in a day. Try again tomorrow.")
OF_EVERYBODY = _("This chat has taken as many messages today as it can. Try again tomorrow.")

_web_chats: Prepared[WebChat] = Prepared(
    lambda inbox: WebChat.objects.filter(inbox=inbox).only(
        *("message_characters", "messages_per_visitor", "messages_per_address", "messages_per_day")
    ),
    inbox=UUID,
)


def count_message(
    principal: Principal, conversation: Conversation, *, content: str = "", address: str | None = None
) -> None:
    """Count what a visitor sends, or asks again; everybody else is free. ``address`` is a stranger's; that of
    an embedded page's visitor is known. Raises ``DailyLimit`` and ``TooLarge``.

    Call it last in the transaction: until that ends it holds rows that all visitors of the web chat need, and
    whoever has them waits for nothing more.
    """
    if principal.kind != "visitor":
        return
    for web_chat in _web_chats(inbox=conversation.inbox_id):
        _check_length(web_chat, content)
        hold_briefly()
        day, address = today(), principal.visit.address if principal.visit else address
        _count(web_chat, day, principal.label, web_chat.messages_per_visitor, OF_VISITOR)
        if address:
            hashed = _hashed(network_of(address), web_chat.pk, day)
            _count(web_chat, day, hashed, web_chat.messages_per_address, OF_ADDRESS)
        _count(web_chat, day, EVERYBODY, web_chat.messages_per_day, OF_EVERYBODY)


def _check_length(web_chat: WebChat, content: str) -> None:
    most = web_chat.message_characters
    if most and len(content) > most:
        raise TooLarge(
            _("This message is too long: it can have %(most)s characters. Shorten it and send it again.")
            % {"most": most}
        )


def _hashed(network: str, web_chat: UUID, day: date) -> str:
    text = f"{day} {web_chat} {network}"
    return "address:" + salted_hmac("chat.daily_limits", text, algorithm="sha256").hexdigest()


def _count(web_chat: WebChat, day: date, who: str, limit: int | None, refusal: Promise) -> None:
    room = Q(messages__lt=limit)
    if limit and not DailyUsage.objects.add(web_chat.pk, day, who, room=room, messages=F("messages") + 1):
        raise DailyLimit(refusal, retry_after=seconds_of_today())
