"""Everything that can go wrong, for people and programs alike.

* ChatError                    a message for the caller, never a traceback
  x BadRequest                 what was sent cannot be understood
    - TooLarge
  x NotFound                   absent, or not theirs: indistinguishable
  x NotAllowed                 known to the caller, but not for them
    - TicketRefused            the embedded page is too old, or its web chat is closed
    - TokenRefused             the visitor's token opens nothing (any more)
    - IdentityRefused          what the site signed about its visitor does not hold
    - IdentityRequired         the web chat is only for visitors of whom the site has signed who they are
    - ChatbotOff               its chatbot was taken away, or is switched off
    - SiteRefused              the site around the embedded page is not, or no longer, on the web chat's list
  x Conflict                   somebody was first
  x KeyReused                  the Idempotency-Key came with another request before
  x RateLimited                (transient) carries ``retry_after`` in seconds
    - DailyLimit               not before tomorrow: nobody should try again by themselves
  x StorageBusy                (transient) the database did not answer
  x StorageFull                (transient) it has no space left
  x Internal                   (transient) a fault of ours: the log has the traceback
  x UpstreamError              the completions endpoint failed us: see ``chat.completions.errors``

Each carries ``code`` (one of the closed list in ``docs/errors.md``), an HTTP ``status``, a translatable
``message`` and ``transient``: whether the same request may succeed later.
"""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ChatError(Exception):
    code: ClassVar[str] = "bad_request"
    status: ClassVar[int] = 400
    transient: ClassVar[bool] = False
    default: ClassVar[str | Promise] = _("This request could not be understood.")

    def __init__(self, message: str | Promise | None = None) -> None:
        self.message = message if message is not None else self.default
        super().__init__(str(self.message))


class BadRequest(ChatError):
    pass


class TooLarge(BadRequest):
    code = "too_large"
    status = 413
    default = _("This message is too long. Shorten it and send it again.")


class NotFound(ChatError):
    code = "not_found"
    status = 404
    default = _("This does not exist, or you have no access to it.")


class NotAllowed(ChatError):
    code = "forbidden"
    status = 403
    default = _("You are not allowed to do this.")


class TicketRefused(NotAllowed):
    code = "ticket_refused"
    default = _("This page is too old. Reload it.")


class TokenRefused(NotAllowed):
    code = "token_refused"
    status = 401
    default = _("This browser is no longer known here. You can begin anew.")


class IdentityRefused(NotAllowed):
    code = "identity_refused"
    default = _("This site could not prove who you are.")


class IdentityRequired(NotAllowed):
    code = "identity_required"
    default = _("Log in on this site to chat here.")


class ChatbotOff(NotAllowed):
    code = "chatbot_off"
    default = _("This chatbot is switched off: it takes no messages.")


class SiteRefused(NotAllowed):
    code = "frame_refused"
    default = _("The chat cannot be shown on this site.")


class Conflict(ChatError):
    code = "conflict"
    status = 409
    default = _("Somebody else changed this first. Reload and try again.")


class KeyReused(ChatError):
    code = "idempotency_key_reused"
    status = 422
    default = _("This Idempotency-Key was used with another request. Take a new one for a new request.")


class RateLimited(ChatError):
    code = "rate_limited"
    status = 429
    transient = True
    default = _("That was many messages at once. Wait a moment and send again.")

    def __init__(self, message: str | Promise | None = None, *, retry_after: float = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DailyLimit(RateLimited):
    code = "daily_limit"
    transient = False
    default = _("This chat takes no more messages from you today. Try again tomorrow.")


#: Seconds after which whoever met a busy server may try again.
BUSY_SECONDS = 2


class StorageBusy(ChatError):
    code = "storage_busy"
    status = 503
    transient = True
    default = _("The server is busy saving. Your message waits here and is sent again.")


class StorageFull(ChatError):
    code = "storage_full"
    status = 503
    transient = True
    default = _("The server has no space left. Your message waits here and is sent again.")


class Internal(ChatError):
    code = "internal"
    status = 500
    transient = True
    default = _("Something went wrong on the server. Try again.")
