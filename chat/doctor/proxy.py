"""What happens to a request between a browser and this server: is it ours that answers, does its answer
arrive as it is sent, and which of its headers are believed."""

from __future__ import annotations

import time
from dataclasses import dataclass

import aiohttp
from django.conf import settings
from django.utils.translation import gettext as _

from chat.doctor import probe
from chat.doctor.findings import Finding, Subject
from chat.doctor.probe import Witness

#: Among the addresses under which replies stream: proxies are told of those by their path.
PATH = "/api/probe"
#: Addresses and schemes that nobody has: where the server sees them, it saw what the client made up.
CANARY_ADDRESS, CANARY_SCHEME, CANARY_PREFIX = "203.0.113.77", "canary", "/canary"
CANARIES = {
    "X-Forwarded-For": CANARY_ADDRESS,
    "X-Forwarded-Proto": CANARY_SCHEME,
    "Daphne-Root-Path": CANARY_PREFIX,
}
#: Five comments a fifth of a second apart take 0.8 s when nobody holds them back.
UNBUFFERED_SPREAD = 0.5
IDLE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    witness: Witness | None = None
    genuine: bool = False
    #: Seconds between the first and the last comment.
    spread: float = 0


async def examine_proxy(session: aiohttp.ClientSession, *, slow: bool) -> list[Finding]:
    answer = await ask(session)
    if answer.genuine and answer.spread < UNBUFFERED_SPREAD:
        # We may have read late, having much to do at that moment; a buffer holds the second one back, too.
        answer = max(answer, await ask(session), key=lambda one: (one.genuine, one.spread))
    same = installation(answer)
    if not answer.genuine or answer.witness is None:
        return [same]
    idle = [await idleness(session)] if slow else []
    return [same, buffering(answer.spread), *forwarded(answer.witness), prefix(answer.witness), *idle]


async def ask(session: aiohttp.ClientSession) -> Answer:
    question = probe.new_question()
    headers = {**CANARIES, probe.HEADER: probe.signed(question)}
    witness, times = None, []
    try:
        async with session.get(PATH, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                return Answer(answer.status)
            async for line in answer.content:
                if line.strip():
                    times.append(time.perf_counter())
                    witness = witness or probe.read_comment(line)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Answer(0)
    genuine = witness is not None and probe.proves(question, witness)
    return Answer(200, witness, genuine, times[-1] - times[0] if times else 0)


def installation(answer: Answer) -> Finding:
    """A key that differs is another installation, or this command without the server's environment."""
    subject = Subject("public.installation", _("This installation"))
    if answer.genuine:
        return subject.ok(_("It is this one that answers there."))
    if answer.status == 0:
        return subject.wrong(
            _("The doctor's question got no whole answer."),
            _("Let the proxy pass /api/probe on, and wait at least two minutes for answers."),
        )
    return subject.wrong(
        _("Another installation answers there, or this one with another SECRET_KEY (status %(status)d).")
        % {"status": answer.status},
        _(
            "Correct PUBLIC_URL and where the proxy leads; run the doctor with the server's own environment; "
            "set the clocks of both."
        ),
    )


def buffering(spread: float) -> Finding:
    subject = Subject("public.streaming", _("Streamed answers"))
    named = {"milliseconds": spread * 1000, "sent": (probe.COMMENTS - 1) * probe.PAUSE * 1000}
    if spread >= UNBUFFERED_SPREAD:
        return subject.ok(
            _("Sent over %(sent)d ms, they arrive over %(milliseconds)d ms: nothing holds them back.") % named
        )
    return subject.wrong(
        _("Sent over %(sent)d ms, they arrive over %(milliseconds)d ms: the proxy holds them back.") % named,
        _("Set proxy_buffering off for /api/ and /v1/, without gzip (nginx); flush_interval -1 (Caddy)."),
    )


def forwarded(witness: Witness) -> list[Finding]:
    """Without https nobody's word about the connection counts, so nobody has to set it."""
    scheme = Subject("public.forwarded_proto", _("X-Forwarded-Proto"))
    address = Subject("public.forwarded_for", _("X-Forwarded-For"))
    if settings.SECURE_PROXY_SSL_HEADER is None:
        unused = _("Not believed here: PUBLIC_URL is not https.")
        return [scheme.ok(unused), address.ok(unused)]
    return [forwarded_scheme(scheme, witness), forwarded_address(address, witness)]


def forwarded_scheme(subject: Subject, witness: Witness) -> Finding:
    advice = _("Set it in the proxy: proxy_set_header X-Forwarded-Proto $scheme; (nginx; Caddy does it).")
    if CANARY_SCHEME in witness.forwarded_proto:
        return subject.wrong(_("The proxy passes on what a client makes up."), advice)
    if not witness.secure:
        return subject.wrong(_("The server does not hear that the connection is encrypted."), advice)
    return subject.ok(_("The proxy sets it, and drops what a client makes up."))


def forwarded_address(subject: Subject, witness: Witness) -> Finding:
    """The last address counts: the one that the proxy has seen itself."""
    advice = _("Set it in the proxy: proxy_set_header X-Forwarded-For $remote_addr; (nginx; Caddy does it).")
    last = witness.forwarded_for.rpartition(",")[2].strip()
    if last == CANARY_ADDRESS:
        return subject.wrong(
            _("The proxy passes on what a client makes up: limits on wrong passwords can be evaded."), advice
        )
    if not last:
        return subject.wrong(
            _("The proxy does not set it: one person's wrong passwords shut everybody out."), advice
        )
    return subject.ok(_("The proxy sets it to the address that it has seen."))


def prefix(witness: Witness) -> Finding:
    subject = Subject("public.root_path", _("Daphne-Root-Path"))
    if witness.prefix or witness.path != PATH:
        return subject.wrong(
            _("A client can move every address of the server by this header."),
            _("Serve with manage.py serve, and clear it: proxy_set_header Daphne-Root-Path ''; (nginx)."),
        )
    return subject.ok(_("Not believed."))


async def idleness(session: aiohttp.ClientSession) -> Finding:
    """Sockets are never silent for longer: the server pings them every 15 seconds."""
    subject = Subject("public.idle", _("Silent connections"))
    headers = {probe.HEADER: probe.signed(probe.new_question(silence=IDLE_SECONDS))}
    timeout = aiohttp.ClientTimeout(total=IDLE_SECONDS + 10)
    try:
        async with session.get(PATH, headers=headers, timeout=timeout) as answer:
            whole = (await answer.read()).endswith(b": awake\n\n")
    except (aiohttp.ClientError, TimeoutError):
        whole = False
    if whole:
        return subject.ok(_("Kept open for %(seconds)d s.") % {"seconds": IDLE_SECONDS})
    return subject.wrong(
        _("Cut within %(seconds)d s.") % {"seconds": IDLE_SECONDS},
        _("Set proxy_read_timeout 120s (nginx), or the time-outs of what stands before it."),
    )
