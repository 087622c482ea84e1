"""What an answer means that is not a reply: its status or error code, and its Retry-After."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from chat.completions.errors import UpstreamBusy, UpstreamError, UpstreamFault, UpstreamUnavailable

if TYPE_CHECKING:
    import httpx

#: No header makes anybody wait longer than a day.
MAX_RETRY_AFTER = 86_400.0


def retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds to wait, from seconds or a date; ``None`` for anything else."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, OverflowError):  # also a year of eleven digits
            return None
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (aware - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if not math.isnan(seconds) else None


def error_in(payload: dict[str, Any]) -> UpstreamError | None:
    """The error object that servers send with status 200 or in the midst of a stream, if this is one."""
    error = payload if payload.get("object") == "error" else payload.get("error")
    if not error:
        return None
    if not isinstance(error, dict):
        return UpstreamFault(str(error))
    return _error_of(error.get("code"), str(error.get("message") or error))


def error_for(response: httpx.Response, body: str) -> UpstreamError:
    """The error that stands for an answer other than 200."""
    detail = f"HTTP {response.status_code}: {body}"
    return _error_of(response.status_code, detail, retry_after(response.headers.get("retry-after")))


def _error_of(status: object, detail: str, wait: float | None = None) -> UpstreamError:
    match status:
        case 429:
            return UpstreamBusy(detail, retry_after=wait)
        case 503:
            return UpstreamUnavailable(detail, retry_after=wait)
        case _:
            return UpstreamFault(detail)
