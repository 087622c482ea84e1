"""Run in the server's environment with two numbers: so many threads post so many messages each, all at once.
Prints how long each took, in seconds, as JSON."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from chat.models import User  # noqa: E402
from chat.principals import Principal  # noqa: E402
from chat.selectors import member_principal  # noqa: E402
from chat.services.messages import post_message  # noqa: E402


def post(principal: Principal, count: int, begin: threading.Barrier) -> list[float]:
    """Into one conversation, through a connection of its own."""
    conversation, seconds = uuid4(), []
    begin.wait()
    for number in range(count):
        begun = time.monotonic()
        post_message(principal=principal, id=uuid4(), conversation=conversation, content=f"Message {number}")
        seconds.append(time.monotonic() - begun)
    connection.close()
    return seconds


def main() -> None:
    threads, count = int(sys.argv[1]), int(sys.argv[2])
    principal = member_principal(User.objects.get(username="alice"))
    connection.close()
    assert principal
    begin = threading.Barrier(threads)
    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(lambda _: post(principal, count, begin), range(threads)))
    print(json.dumps([one for result in results for one in result]))


if __name__ == "__main__":
    main()
