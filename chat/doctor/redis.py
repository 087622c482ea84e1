"""Redis, if there is one: Streams, Pub/Sub, and that it forgets nothing of its own accord."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from chat.doctor.findings import Finding, Subject

TIMEOUT = 3
KEEPS_EVERYTHING = "noeviction"


async def examine_redis() -> list[Finding]:
    subject = Subject("redis.reachable", _("Redis"))
    if not settings.REDIS_URL:
        return [subject.ok(_("Not used: one process keeps everything in its memory."))]
    try:
        from redis.asyncio import Redis
        from redis.exceptions import AuthenticationError, RedisError
    except ImportError:
        return [
            subject.wrong(
                _("REDIS_URL is set, but the client is not installed."),
                _("Install it: .venv/bin/uv sync --frozen --no-dev --extra production"),
            )
        ]
    client = Redis.from_url(settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    try:
        return [
            await reachable(subject, client),
            await streams(client, RedisError),
            await messages(client, RedisError),
            await memory(client, RedisError),
        ]
    except AuthenticationError:
        return [
            subject.wrong(
                _("%(host)s refuses the user or the password.") % {"host": host()},
                _("Correct REDIS_URL: redis://user:password@host:6379/0"),
            )
        ]
    except (RedisError, OSError, TimeoutError) as error:
        return [
            subject.wrong(
                _("%(host)s does not answer (%(reason)s).")
                % {"host": host(), "reason": type(error).__name__},
                _("See that it runs and that REDIS_URL has its address, such as redis://127.0.0.1:6379/0"),
            )
        ]
    finally:
        await client.aclose()


def host() -> str:
    """Without the user and the password."""
    address = urlsplit(settings.REDIS_URL)
    return f"{address.hostname}:{address.port or 6379}" if address.hostname else address.path


async def reachable(subject: Subject, client: Any) -> Finding:
    trips = []
    for _trip in range(5):
        begun = time.perf_counter()
        await client.ping()
        trips.append(time.perf_counter() - begun)
    version = (await client.info("server")).get("redis_version", "?")
    return subject.ok(
        _("Redis %(version)s at %(host)s answers in %(milliseconds).1f ms.")
        % {"version": version, "host": host(), "milliseconds": statistics.median(trips) * 1000}
    )


async def streams(client: Any, errors: type[Exception]) -> Finding:
    subject = Subject("redis.streams", _("Redis Streams"))
    key, token = f"parley:doctor:{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        await client.xadd(key, {"token": token})
        await client.expire(key, 60)
        read = await client.xread({key: "0"}, count=1)
        await client.delete(key)
    except errors as error:
        return subject.wrong(
            _("They do not work (%(reason)s).") % {"reason": type(error).__name__},
            _("Use Redis 6 or newer, or let its user call XADD, XREAD, EXPIRE and DEL."),
        )
    if token.encode() not in repr(read).encode():
        return subject.wrong(
            _("What was written could not be read back."),
            _("Name the writing server in REDIS_URL, no replica."),
        )
    return subject.ok(_("Written and read back."))


async def messages(client: Any, errors: type[Exception]) -> Finding:
    subject = Subject("redis.messages", _("Redis Pub/Sub"))
    channel, token = f"parley:doctor:{secrets.token_hex(8)}", secrets.token_bytes(8)
    advice = _("Let its user call SUBSCRIBE and PUBLISH, and name one server in REDIS_URL, no cluster.")
    try:
        async with client.pubsub() as listener:
            await listener.subscribe(channel)
            begun = time.perf_counter()
            await client.publish(channel, token)
            async with asyncio.timeout(TIMEOUT):
                while (await listener.get_message(timeout=TIMEOUT) or {}).get("data") != token:
                    pass
    except (errors, TimeoutError) as error:
        return subject.wrong(_("It does not work (%(reason)s).") % {"reason": type(error).__name__}, advice)
    return subject.ok(
        _("Sent and received in %(milliseconds).1f ms.")
        % {"milliseconds": (time.perf_counter() - begun) * 1000}
    )


async def memory(client: Any, errors: type[Exception]) -> Finding:
    subject = Subject("redis.memory", _("Memory of Redis"))
    try:
        info = await client.info("memory")
    except errors:
        return subject.warning(_("It does not say how it is set up."), _("Let its user call INFO."))
    policy = info.get("maxmemory_policy", "")
    named = {"used": info.get("used_memory_human", "?"), "policy": policy}
    if policy == KEEPS_EVERYTHING or not policy:
        return subject.ok(_("%(used)s used; nothing is thrown away.") % named)
    return subject.warning(
        _("%(used)s used; when it is full, running replies may be thrown away (%(policy)s).") % named,
        _("Set maxmemory-policy noeviction in redis.conf."),
    )
