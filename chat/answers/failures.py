"""What a reply that has failed is to an HTTP client."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from django.utils import timezone

from chat.exceptions import BUSY_SECONDS
from chat.models import Reply
from chat.shapes import error_shape

STATUSES = {
    "upstream_timeout": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_timeout_first": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_stalled": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "daily_limit": HTTPStatus.TOO_MANY_REQUESTS,
    "chatbot_off": HTTPStatus.FORBIDDEN,
    "worker_lost": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "storage_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """``retry_after``: in so many seconds the endpoint wants to be asked again, or the next day begins; 0
    when nobody has said."""

    code: str
    message: str
    status: int
    retry_after: int

    @property
    def headers(self) -> dict[str, str]:
        """``Retry-After`` where asking again is a matter of time."""
        if self.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            return {}
        return {"Retry-After": str(self.retry_after or BUSY_SECONDS)}


def failure_of(reply: Reply) -> Failure | None:
    """None: the reply has not failed."""
    retry_at = reply.retry_at.timestamp() if reply.retry_at else 0.0
    return failure(reply.state, reply.error_code, retry_at=retry_at)


def may_be_asked_again(reply: Reply) -> bool:
    """Whether it has failed for a while only, and what ``Retry-After`` said of it is over."""
    if reply.ended_at is None or (failed := failure_of(reply)) is None or not failed.headers:
        return False
    return timezone.now() >= (reply.retry_at or reply.ended_at + timedelta(seconds=BUSY_SECONDS))


def failure(state: str, code: str, *, retry_at: float = 0.0) -> Failure | None:
    """The same by what its end says of it."""
    error = error_shape(state, code, retry_at=retry_at)
    if error is None:
        return None
    status = STATUSES.get(code, HTTPStatus.BAD_GATEWAY).value
    return Failure(code, error["message"], status, math.ceil(error.get("retryAfter", 0)))
