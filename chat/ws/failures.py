"""What went wrong while a frame was answered, as the frame that tells of it."""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import Any

from django.db import Error as DatabaseError

from chat.db import comes_back, refusal
from chat.exceptions import ChatError, Internal
from chat.ws import frames
from chat.ws.window import TooSlow

logger = logging.getLogger(__name__)


async def failure_of(work: Coroutine[Any, Any, None], ref: str | None) -> frames.Error | None:
    """Do the work and tell what went wrong. ``TooSlow`` goes through: it is about the socket."""
    try:
        await work
    except TooSlow:
        raise
    except ChatError as error:
        return frames.Error(error.code, str(error.message), ref)
    except DatabaseError as error:
        refused = refusal(error)
        if comes_back(error):
            logger.exception("storage_busy", extra={"code": refused.code})
        return frames.Error(refused.code, str(refused.message), ref)
    except Exception:
        logger.exception("frame_crashed")
        return frames.Error(Internal.code, str(Internal.default), ref)
    return None
