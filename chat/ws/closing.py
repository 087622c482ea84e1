"""The codes with which a socket is closed (``docs/socket.md``)."""

from __future__ import annotations

from chat.exceptions import BadRequest, ChatError, NotAllowed, RateLimited, SiteRefused, TicketRefused

CODES = GONE, BAD_HELLO, NOT_IDENTIFIED, NOT_HERE, TOO_SLOW, NOT_NOW, TOO_FAST, TOO_MANY = (
    4001,
    4003,
    4005,
    4006,
    4008,
    4013,
    4029,
    4030,
)


def code_of(refused: ChatError) -> int:
    """With which a visitor is sent away who was not let in."""
    match refused:
        case TicketRefused():
            return GONE
        case SiteRefused():
            return NOT_HERE
        case NotAllowed():
            return NOT_IDENTIFIED
        case BadRequest():
            return BAD_HELLO
        case RateLimited():
            return TOO_MANY
        case _:
            return NOT_NOW
