"""What becomes of a handler's failure: tried again, or given up, with a line that says why.

* GiveUp     trying again would be of no use
* TryAgain   an attempt that failed; the next one may have to wait longer than the kind's pause
  anything else is a failure too, after which it is tried again
"""

from __future__ import annotations

import re

from chat.redaction import without_secrets

LONGEST = 500
#: Addresses, which let somebody in (an invitation, a new password), and whatever is long enough to be a key.
_SECRET = re.compile(r"\w+://\S+|[\w+/=-]{24,}")


class GiveUp(Exception):
    """Trying again would be of no use."""


class TryAgain(Exception):
    """It failed as it sometimes does, which needs no traceback. ``seconds``: not earlier than in so many."""

    def __init__(self, reason: str, *, seconds: float = 0) -> None:
        super().__init__(reason)
        self.seconds = seconds


def described(error: BaseException) -> str:
    """One bounded line about an error, for the job's row and the log, without secrets."""
    text = _SECRET.sub("…", " ".join(without_secrets(str(error)).split()))
    return f"{type(error).__name__}: {text}"[:LONGEST].removesuffix(": ")
