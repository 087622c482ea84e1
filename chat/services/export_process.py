"""The same workbook, written by a process of its own.

Writing 100,000 records is half a minute of Python: in a thread of the server it would hold up every reply
that streams meanwhile. The child has its own connection to the database, less right to the processor, and
ends with the export; what was asked for travels on its standard input, where no list of processes shows it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from typing import IO, Any
from uuid import UUID

import orjson
from django.conf import settings
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Internal, RateLimited, TooLarge
from chat.principals import Principal
from chat.selectors.records import Wanted
from chat.services.exports import write_records

logger = logging.getLogger(__name__)

#: Less than the documented proxies wait for the beginning of an answer.
SECONDS = 110.0
#: How many are written at a time by one server process, and of them one for each organization.
AT_ONCE = 2
AGAIN_SECONDS = 10.0

_CHILD = "import django; django.setup(); from chat.services.export_process import child; child()"

_writing: set[UUID] = set()


async def write_elsewhere(principal: Principal, chatbot: UUID, wanted: Wanted, file: IO[bytes]) -> None:
    """Have the workbook written into the file, which must be one of the system's. Whoever is cancelled
    meanwhile leaves no child behind.

    Raises RateLimited when others are being written, TooLarge when it takes longer than anybody waits."""
    with _turn(principal.organization_id):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _CHILD,
            stdin=asyncio.subprocess.PIPE,
            stdout=file,
            stderr=asyncio.subprocess.PIPE,
            cwd=settings.BASE_DIR,
        )
        try:
            async with asyncio.timeout(SECONDS):
                _nothing, said = await process.communicate(asked(principal, chatbot, wanted))
        except TimeoutError:
            raise TooLarge(_("This export takes too long. Choose a shorter time.")) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        logger.error("export_failed", extra={"code": process.returncode, "said": said.decode()[-2000:]})
        raise Internal


@contextmanager
def _turn(organization: UUID) -> Iterator[None]:
    if organization in _writing or len(_writing) >= AT_ONCE:
        sentence = _("Another export is being written. Try again in a moment.")
        raise RateLimited(sentence, retry_after=AGAIN_SECONDS)
    _writing.add(organization)
    try:
        yield
    finally:
        _writing.discard(organization)


def asked(principal: Principal, chatbot: UUID, wanted: Wanted) -> bytes:
    given: dict[str, Any] = {"chatbot": chatbot, "wanted": asdict(wanted), "language": get_language()}
    return orjson.dumps(given | {"principal": asdict(principal)})


def child() -> None:
    """What the other process does."""
    os.nice(10)
    given = orjson.loads(sys.stdin.buffer.read())
    who, wanted = given["principal"], given["wanted"]
    days = {name: date.fromisoformat(wanted[name]) if wanted[name] else None for name in ("start", "end")}
    principal = Principal(who["kind"], UUID(who["id"]), UUID(who["organization_id"]))
    with override(given["language"]), open(1, "wb", closefd=False) as file:
        write_records(principal, UUID(given["chatbot"]), Wanted(**wanted | days), file)
