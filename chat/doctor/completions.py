"""A completions endpoint, asked through the same code as replies are, with a short question."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from chat.completions import providers
from chat.completions.budget import estimated_tokens
from chat.completions.deadlines import Deadlines
from chat.completions.deltas import Endpoint, Finish, Prompt, ReasoningDelta, TextDelta, Turn
from chat.completions.errors import UpstreamError
from chat.doctor import endpoints
from chat.doctor.endpoints import Configured
from chat.doctor.failures import explained, no_address, offers
from chat.doctor.findings import Finding, Subject
from chat.models import Provider

#: Long enough to see tokens come one after the other and to be cancelled: some 250 tokens at most.
QUESTION = "Count from one to one hundred in words, separated by spaces. Write nothing else."
DEADLINES = Deadlines(connect=5, first=30, gap=15, total=45)
#: When that much of the reply has been seen, it is cancelled: three seconds, or some reads in less.
ENOUGH_SECONDS, ENOUGH_READS, ENOUGH_FOR_READS = 3.0, 40, 0.3
#: More at a time would slow each other down where one machine runs several models.
AT_ONCE = 4
LATE_FIRST_TOKEN, SLOW_TOKENS, SLOW_CLOSE = 10.0, 5.0, 1.0
#: Below this many seconds a buffer cannot be told from a quick model.
TOO_QUICK = 0.5
#: A stream has some reads, spread over some seconds, of few tokens each.
FEW_READS, SHORT_SPREAD, MANY_TOKENS_A_READ = 3, 0.1, 12


@dataclass(slots=True)
class Trial:
    """``reads``: when text came, in seconds since the question was sent. ``closing``: how long it took to
    cancel the rest; ``None`` when nothing was left to cancel."""

    reads: list[float] = field(default_factory=list)
    text: str = ""
    closing: float | None = None
    error: UpstreamError | None = None

    @property
    def first(self) -> float:
        return self.reads[0] if self.reads else 0

    @property
    def spread(self) -> float:
        return self.reads[-1] - self.first if self.reads else 0

    @property
    def tokens(self) -> int:
        return estimated_tokens(self.text)

    @property
    def seen_enough(self) -> bool:
        enough = ENOUGH_FOR_READS if len(self.reads) >= ENOUGH_READS else ENOUGH_SECONDS
        return self.spread >= enough


async def examine_completions(models: Sequence[str] | None) -> list[Finding]:
    """Costs up to about 250 tokens for each endpoint."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(asked: Configured) -> list[Finding]:
        async with turns:
            return await examine_endpoint(asked)

    found = await asyncio.gather(*map(in_turn, await endpoints.configured(models)))
    return [finding for findings in found for finding in findings]


async def examine_endpoint(asked: Configured) -> list[Finding]:
    subject = Subject("completions.answers", asked.title)
    if asked.endpoint.provider == Provider.BUILTIN:
        return [subject.ok(_("The built-in provider answers from the documents; there is nothing to reach."))]
    if (reason := no_address(asked)) is not None:
        return [subject.wrong(reason.detail, reason.advice)]
    offered, trial = await asyncio.gather(endpoints.offered(asked.endpoint), attempt(asked.endpoint))
    if trial.error is not None or not trial.reads:
        reason = explained(trial.error or UpstreamError(), asked, offered)
        return [subject.wrong(reason.detail, reason.advice)]
    return [
        answers(subject, asked, offered),
        speed(asked, trial),
        streams(asked, trial),
        closes(asked, trial),
    ]


async def attempt(endpoint: Endpoint) -> Trial:
    """Ask, look at what comes until it is enough, and cancel the rest."""
    trial = Trial()
    prompt = Prompt((Turn("user", QUESTION),))
    begun = time.perf_counter()
    try:
        async with aclosing(providers.stream(endpoint, prompt, deadlines=DEADLINES)) as reply:
            async for deltas in reply:
                if text := "".join(one.text for one in deltas if isinstance(one, TextDelta | ReasoningDelta)):
                    trial.reads.append(time.perf_counter() - begun)
                    trial.text += text
                if any(isinstance(one, Finish) for one in deltas):
                    return trial
                if trial.seen_enough:
                    break
            cancelled = time.perf_counter()
        trial.closing = time.perf_counter() - cancelled
    except UpstreamError as error:
        trial.error = error
    return trial


def answers(subject: Subject, asked: Configured, offered: Sequence[str]) -> Finding:
    named = {"model": asked.answerer or "–", "url": shown(asked.endpoint)}
    if offers(asked, offered) or not offered:
        return subject.ok(_("%(model)s at %(url)s answers.") % named)
    return subject.ok(_("%(model)s at %(url)s answers, although it does not list that name.") % named)


def shown(endpoint: Endpoint) -> str:
    """The address without a user and a password in it."""
    scheme, slashes, rest = endpoint.url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"


def speed(asked: Configured, trial: Trial) -> Finding:
    subject = Subject("completions.speed", _("%(name)s: speed") % {"name": asked.title})
    rate = trial.tokens / trial.spread if trial.spread > SHORT_SPREAD else 0
    found = _("First token after %(seconds).2f s") % {"seconds": trial.first}
    found += _(", then about %(rate)d tokens a second.") % {"rate": rate} if rate else "."
    if trial.first > LATE_FIRST_TOKEN:
        return subject.warning(
            found, _("Keep the model loaded, shorten the prompts, or take a smaller model.")
        )
    if rate and rate < SLOW_TOKENS:
        return subject.warning(
            found, _("People read faster than that: take a smaller model or a faster machine.")
        )
    return subject.ok(found)


def streams(asked: Configured, trial: Trial) -> Finding:
    subject = Subject("completions.streams", _("%(name)s: streaming") % {"name": asked.title})
    named = {
        "reads": len(trial.reads),
        "tokens": trial.tokens,
        "seconds": trial.spread,
        "first": trial.first,
    }
    advice = _("Switch buffering off in what stands before the endpoint (proxy_buffering off in nginx).")
    if len(trial.reads) >= FEW_READS and trial.spread >= SHORT_SPREAD:
        found = _("About %(tokens)d tokens came in %(reads)d pieces over %(seconds).1f s.") % named
        lumps = trial.tokens / len(trial.reads) > MANY_TOKENS_A_READ and trial.spread > TOO_QUICK
        return subject.warning(found, advice) if lumps else subject.ok(found)
    if trial.first + trial.spread < TOO_QUICK:
        return subject.ok(_("The whole reply came within %(first).2f s: too quick to see it stream.") % named)
    return subject.wrong(_("About %(tokens)d tokens came all at once after %(first).1f s.") % named, advice)


def closes(asked: Configured, trial: Trial) -> Finding:
    subject = Subject("completions.closes", _("%(name)s: stopping") % {"name": asked.title})
    if trial.closing is None:
        return subject.ok(_("The reply was over before it could be stopped."))
    found = _("The connection was closed %(milliseconds).0f ms after the stop.") % {
        "milliseconds": trial.closing * 1000
    }
    if trial.closing < SLOW_CLOSE:
        return subject.ok(found)
    return subject.warning(
        found, _("See what stands before the endpoint: it should end at once what is stopped.")
    )
