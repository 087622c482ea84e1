"""Whether this process lives (``/healthz``) and whether it should be sent people (``/readyz``)."""

from __future__ import annotations

import asyncio

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chat.db import in_database
from chat.replies.engine import running_engine

#: A database that needs longer is not there for people either.
ANSWER_SECONDS = 2.0


@require_safe
async def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
async def readyz(request: HttpRequest) -> JsonResponse:
    """503 while the process drains, has no lease, or its database does not answer."""
    engine = running_engine()
    if engine is None or not engine.healthy:
        return JsonResponse({"status": "no lease"}, status=503)
    if engine.runner.draining:
        return JsonResponse({"status": "draining"}, status=503)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await in_database(_ask)
    except Exception:
        return JsonResponse({"status": "database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def _ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
