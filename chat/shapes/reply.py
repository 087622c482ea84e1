"""A reply as JSON, with its error in words."""

from __future__ import annotations

import time

from django.utils.translation import gettext as _

from chat.models import Reply, ReplyState
from chat.shapes.values import Shape

#: Errors after which the same message may be asked again with some hope.
NOT_RETRYABLE = {"upstream_too_long", "chatbot_off", "forbidden", "not_found", "bad_request", "too_large"}


def reply_shape(reply: Reply) -> Shape:
    """Pauses are so many seconds from now, because a reader's clock may be wrong."""
    retry_at = reply.retry_at.timestamp() if reply.retry_at else 0.0
    pauses = reply.state == ReplyState.RUNNING and retry_at > 0
    return {
        "id": str(reply.pk),
        "message": str(reply.outgoing_id),
        "state": reply.state,
        "attempt": reply.attempt,
        "seq": reply.seq,
        "waiting": {"code": reply.error_code, "seconds": seconds_until(retry_at)} if pauses else None,
        "error": error_shape(reply.state, reply.error_code, retry_at=retry_at),
        "stopRequested": reply.stop_requested_at is not None,
    }


def error_shape(state: str, code: str, *, retry_at: float = 0.0) -> Shape | None:
    """``retry_at``, in seconds since 1970: told as ``retryAfter`` while it lies ahead."""
    if state not in (ReplyState.FAILED, ReplyState.INTERRUPTED):
        return None
    error = {"code": code, "message": error_sentence(code), "retryable": code not in NOT_RETRYABLE}
    wait = seconds_until(retry_at)
    return {**error, "retryAfter": wait} if wait else error


def seconds_until(moment: float) -> float:
    """0 when it is over."""
    return round(max(0.0, moment - time.time()), 1)


def error_sentence(code: str) -> str:
    """What happened and what is safe, for programs; pages have their own wording for each code."""
    sentences = {
        "upstream_unreachable": _("The model is not reachable. Your message is saved."),
        "upstream_timeout": _("The model took too long. What came is saved."),
        "upstream_timeout_first": _("The model did not begin to answer in time. Your message is saved."),
        "upstream_stalled": _("The model stopped answering part-way. What came is saved."),
        "upstream_cut": _("The connection to the model was cut part-way. What came is saved."),
        "upstream_bad_data": _("The model sent something that could not be read. What came is saved."),
        "upstream_busy": _("The model is busy. Your message is saved."),
        "upstream_error": _("The model answered with an error. Your message is saved."),
        "upstream_too_long": _("The reply became too long and was cut. What came is saved."),
        "daily_limit": _("This chat has answered as much today as it can. Your message is saved."),
        "chatbot_off": _("This chatbot is switched off. Your message is saved."),
        "worker_lost": _("The server restarted part-way. What came is saved."),
    }
    return sentences.get(code, _("The reply could not be made. Your message is saved."))
