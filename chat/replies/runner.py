"""The runner: one task for each reply of this process, from the queue to its one end.

    submit -> claim (one hop) -> stream from the endpoint into the log -> end (one hop) -> next

A reply belongs to the runner and to nobody else: readers come and go, a disconnect stops nothing. Stopping,
losing the lease and draining all cancel the same inner task, which closes the upstream connection; the outer
one then writes the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Set
from contextlib import aclosing, contextmanager, suppress
from datetime import timedelta
from logging import INFO, WARNING
from uuid import UUID

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError
from django.utils import timezone

from chat.completions.deltas import (
    Finish,
    ReasoningDelta,
    Retrying,
    TextDelta,
    UpstreamCitations,
    UpstreamConversation,
    Usage,
)
from chat.completions.errors import UpstreamError
from chat.completions.providers import stream
from chat.db import in_database
from chat.exceptions import Internal
from chat.knowledge.citations import citation_nodes, citations, cited_numbers, count_hits
from chat.logs import bind
from chat.metrics import count_end
from chat.models import Reply, ReplyState
from chat.replies import records
from chat.replies.live import Live
from chat.replies.log import ReplyLog, Started
from chat.replies.metrics import tally

logger = logging.getLogger(__name__)

#: Between two tries to store the end of a reply.
END_AGAIN_SECONDS = 2.0
#: For replies that a drain interrupts, to store their ends.
INTERRUPTED_SECONDS = 5.0


class Runner:
    """Owns this process's replies. Its methods belong to one event loop."""

    def __init__(self, log: ReplyLog, process: UUID) -> None:
        self.log = log
        self.process = process
        self.draining = False
        self._live: dict[UUID, Live] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._waiting: dict[UUID, None] = {}
        self._reserved = 0
        self._fewer = asyncio.Event()
        self._patient = True
        #: Told of each reply that no longer runs here.
        self.told: Callable[[UUID], object] = lambda _: None

    @property
    def live(self) -> list[Live]:
        return list(self._live.values())

    @property
    def running(self) -> int:
        return len(self._live)

    @property
    def queued(self) -> int:
        return len(self._waiting)

    @property
    def free(self) -> bool:
        """Whether one more reply may run here now."""
        return not self.draining and len(self._tasks) + self._reserved < settings.MAX_RUNNING_REPLIES

    @property
    def held(self) -> Set[UUID]:
        """The replies that run or wait here."""
        return self._tasks.keys() | self._waiting.keys()

    @contextmanager
    def reserve(self) -> Iterator[bool]:
        """Keep room for one more reply while it is being stored; False: there is none."""
        free = self.free
        self._reserved += free
        try:
            yield free
        finally:
            self._reserved -= free
            self._fewer.set()

    def begin(self, claim: records.Claim) -> None:
        """Run a reply that was stored as running in this process."""
        self._spawn(claim.reply, self._run(claim))

    def submit(self, reply: UUID) -> None:
        """Run a queued reply as soon as it is its turn."""
        if reply in self._tasks:
            return
        self._waiting[reply] = None  # until it is claimed, each look tries again
        if self.free:
            self._spawn(reply, self._claim_and_run(reply))

    def _spawn(self, reply: UUID, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._guarded(work), name=f"reply {reply}")
        self._tasks[reply] = task
        task.add_done_callback(lambda _: self._forget(reply))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """What waits, and cannot be begun because the database does not answer, is begun by a later look."""
        try:
            await work
        except (OperationalError, InterfaceError):
            logger.exception("replies_not_begun")
        except Exception:
            logger.exception("reply_crashed")

    def _forget(self, reply: UUID) -> None:
        self._tasks.pop(reply, None)
        self._fewer.set()

    def stop(self, reply: UUID) -> None:
        """Close the upstream of a running reply; it ends ``stopped`` with what it has."""
        if live := self._live.get(reply):
            live.cancel(ReplyState.STOPPED)

    def lose(self, replies: Iterable[UUID]) -> None:
        """End the upstreams of replies that somebody else has ended for us."""
        for reply in replies:
            if live := self._live.get(reply):
                live.cancel(ReplyState.INTERRUPTED, "worker_lost")

    def lose_all(self) -> None:
        """While it drains, this ends the drain."""
        self._patient = not self.draining
        self._fewer.set()
        self.lose(list(self._live))

    async def drain(self, seconds: float) -> None:
        """Let what runs, and what is being stored to run, come to its end for so long; what is left is
        interrupted, what is queued stays."""
        self.draining = True
        await self._emptied(seconds)
        self.lose_all()
        await self._emptied(INTERRUPTED_SECONDS)

    async def _emptied(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks or self._reserved and self._patient:
                    self._fewer.clear()
                    await self._fewer.wait()

    async def _claim_and_run(self, reply: UUID) -> None:
        claim = await in_database(records.claim, reply, self.process)
        if claim is not None:
            self._waiting.pop(reply, None)
            await self._run(claim)

    async def _run(self, claim: records.Claim) -> None:
        bind(reply=claim.reply, conversation=claim.conversation)
        live = Live(claim)
        self._live[live.id] = live
        try:
            await self.log.start(live.id, Started(claim.outgoing, claim.attempt))
            live.pump = asyncio.create_task(self._pump(live))
            await asyncio.wait({live.pump})
            await self._end(live)
        finally:
            del self._live[live.id]
            self._forget(live.id)  # now: it makes room for what waits
            tally.add(live)
            self.told(live.id)
        await self.start_waiting()

    async def _pump(self, live: Live) -> None:
        """Read the endpoint into the log. Leaves how it went in ``live``."""
        try:
            asked = live.claim.asked
            if asked is None:
                fault = live.claim.fault or Internal()
                live.fail(fault.code, retry_after=getattr(fault, "retry_after", None))
                return
            if asked.found:
                live.seq = await self.log.cite(live.id, citations(asked.found), citation_nodes(asked.found))
            await self._read(live)
            if not live.finish_reason:
                live.fail("upstream_cut")
        except UpstreamError as error:
            live.fail(error.code, error.detail, retry_after=error.retry_after)
        except asyncio.CancelledError:
            live.fail("internal")  # unless ``live.cancel`` has said why: it is not complete
            live.closed()
            raise
        except Exception:
            logger.exception("reply_crashed")
            live.fail("internal")
        live.closed()

    async def _read(self, live: Live) -> None:
        asked = live.claim.asked
        assert asked is not None  # noqa: S101 (narrowed by the caller)
        async with aclosing(stream(asked.endpoint, asked.prompt, deadlines=asked.deadlines)) as batches:
            async for batch in batches:
                text = ""
                for delta in batch:
                    match delta:
                        case TextDelta():
                            text += delta.text
                        case ReasoningDelta():
                            live.reasoning.append(delta.text)
                        case Usage():
                            live.usage = {
                                "promptTokens": delta.prompt_tokens,
                                "completionTokens": delta.completion_tokens,
                            }
                        case UpstreamConversation():
                            live.upstream_conversation = delta.id
                        case UpstreamCitations():
                            live.cited = delta
                        case Retrying():
                            await self._pause(live, delta)
                        case Finish():
                            live.finish_reason = delta.reason or "stop"
                if text:
                    live.append(text, await self.log.text(live.id, text))

    async def _pause(self, live: Live, pause: Retrying) -> None:
        """Tell it to who reads now, and store it for who comes later."""
        until = timezone.now() + timedelta(seconds=pause.seconds)
        live.seq = await self.log.wait(live.id, at=until.timestamp(), code=pause.code)
        try:
            await in_database(records.store_pause, live.claim, until=until, code=pause.code)
        except (OperationalError, InterfaceError):
            logger.warning("pause_not_stored", exc_info=True)  # the reply itself does not depend on it

    async def _end(self, live: Live) -> None:
        """Store the end, then tell the readers: nobody is shown an end that is not stored."""
        claim, text = live.claim, live.text()
        found = claim.asked.found if claim.asked else []
        numbers = cited_numbers(text) if found else []
        files = citations(found, only=numbers) if found else live.cited.citations
        nodes = citation_nodes(found, only=numbers) if found else live.cited.nodes
        if found or nodes:
            live.seq = await self.log.cite(live.id, files, nodes)
        outcome = live.outcome(text, citations=files, citation_nodes=nodes)
        state, code = outcome.state, outcome.error_code
        if not await self._store_end(live, outcome):
            # Somebody has ended it for us, or will: with the text that is stored, not with ours.
            self.log.drop(live.id)
            logger.warning("reply_lost")
            return
        count_end(state, code)
        await self.log.end(
            live.id,
            state=state,
            length=len(text),
            outgoing=claim.outgoing,
            error_code=code,
            retry_at=outcome.retry_at.timestamp() if outcome.retry_at else 0.0,
        )
        fields = {"state": state.value, "code": code or "-", "characters": len(text)}
        logger.log(WARNING if state == ReplyState.FAILED else INFO, "reply_ended", extra=fields)
        if numbers:
            try:
                await in_database(count_hits, found, only=numbers)
            except Error:
                logger.warning("hits_not_counted", exc_info=True)

    async def _store_end(self, live: Live, outcome: records.Outcome) -> bool:
        """Keeps trying while the database does not answer, a drain to its end: the text lives only here until
        it is stored."""
        tried = False
        while True:
            try:
                return await in_database(records.end, live.claim, outcome)
            except Exception as error:
                if not tried:
                    logger.exception("reply_end_not_stored")
                tried = True
                # What the database refuses it would refuse for ever: a look ends it with the stored text.
                if not self._patient or not isinstance(error, OperationalError | InterfaceError):
                    return False
                await asyncio.sleep(END_AGAIN_SECONDS)

    async def start_waiting(self) -> None:
        """Submit what waits here and could run now."""
        if self._waiting and self.free:
            for reply in await in_database(records.ready, self.process):
                self.submit(reply)

    def reconcile(self, held: list[Reply]) -> list[UUID]:
        """Bring this runner to what the database says it holds. Returns the running ones it does not run."""
        self._waiting = {reply.pk: None for reply in held if reply.state == ReplyState.QUEUED}
        running = [reply for reply in held if reply.state == ReplyState.RUNNING]
        for reply in running:
            if reply.stop_requested_at:
                self.stop(reply.pk)
        return [reply.pk for reply in running if reply.pk not in self._tasks]

    async def store_partials(self) -> None:
        """Store the texts that grew since the last time, in one statement."""
        dirty = [live for live in self._live.values() if live.dirty]
        if not dirty:
            return
        partials = [live.partial() for live in dirty]
        try:
            self.lose(await in_database(records.store_partials, self.process, partials))
        except Exception:
            for live in dirty:
                live.dirty = True
            raise
