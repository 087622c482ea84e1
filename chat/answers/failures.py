"""What a reply that has failed is to an HTTP client."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from chat.shapes import error_shape

STATUSES = {
    "upstream_timeout": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_timeout_first": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_stalled": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "worker_lost": HTTPStatus.SERVICE_UNAVAILABLE,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(frozen=True, slots=True)
class Failure:
    code: str
    message: str
    status: int


def failure_of(state: str, code: str) -> Failure | None:
    """None: the reply has not failed."""
    error = error_shape(state, code)
    if error is None:
        return None
    return Failure(code, error["message"], STATUSES.get(code, HTTPStatus.BAD_GATEWAY).value)
