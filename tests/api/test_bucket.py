"""Files in a bucket of S3: programs send them there; Parley looks at them, keeps them and serves them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests

from chat.answers.handler import THREADS
from chat.media.store import turns
from tests.api.programs import Program, key_in
from tests.harness import bucket
from tests.harness import program as program_of_replies
from tests.harness.server import Server
from tests.media import samples
from tests.services import wait_until
from tests.simulator.process import SimulatorProcess

PNG = samples.png()


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[str, dict[str, bytes]]]:
    with bucket.bucket() as made:
        yield made


def variables(url: str) -> dict[str, str]:
    return {
        "S3_BUCKET": bucket.BUCKET,
        "S3_ENDPOINT_URL": url,
        "S3_REGION": bucket.REGION,
        "S3_ACCESS_KEY_ID": bucket.KEY_ID,
        "S3_SECRET_ACCESS_KEY": bucket.SECRET,
    }


@pytest.fixture(scope="module")
def server(
    store: tuple[str, dict[str, bytes]],
    simulator: SimulatorProcess,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("data"), simulator.url, **variables(store[0])) as server:
        yield server
        assert not (server.data / "media").exists()


@pytest.fixture(scope="module")
def program(server: Server) -> Iterator[Program]:
    with Program(server, key_in(server)) as made:
        yield made


def test_a_file_goes_to_the_bucket_and_is_served_by_us(
    program: Program, store: tuple[str, dict[str, bytes]]
) -> None:
    url, objects = store
    form = program.form("sea.png", PNG)
    assert form["url"] == f"{url}/{bucket.BUCKET}"
    assert program.deliver(form, "sea.png", PNG).status_code == 204
    key = form["fields"]["key"]
    assert objects[key] == PNG
    made = program.register(key, "sea.png").json()
    assert requests.get(made["file"], timeout=10).content == PNG
    wait_until(lambda: key not in objects)
    # The form is still good for the bucket, but not for the file that was looked at.
    assert program.deliver(form, "sea.png", PNG[:-1] + b"!").status_code == 204
    assert requests.get(made["file"], timeout=10).content == PNG
    again = program.register(key, "sea.png")
    assert again.json()["file"].partition("?")[0] == made["file"].partition("?")[0]
    for one in (made, again.json()):
        program.delete(f"{program.base}attachments/{one['id']}/")
    objects.pop(key)  # what comes after is the sender's
    wait_until(lambda: not objects)


def test_what_is_not_what_it_says_is_not_registered(program: Program) -> None:
    form = program.form("sea.png", samples.SVG)
    assert program.register(form["fields"]["key"], "sea.png").status_code == 400
    program.deliver(form, "sea.png", samples.SVG)
    assert program.register(form["fields"]["key"], "sea.png").status_code == 400
    assert program.deliver(form, "sea.png", samples.SVG + b"x").status_code == 403


def test_a_multipart_form_ends_in_the_bucket_too(
    program: Program, store: tuple[str, dict[str, bytes]]
) -> None:
    made = program.post(f"{program.base}attachments/", files={"file": ("a.txt", b"tide")})
    assert made.status_code == 201, made.text
    assert b"tide" in store[1].values()
    assert requests.get(made.json()["file"], timeout=10).content == b"tide"


def test_a_bucket_that_refuses_is_said_to_be_away(
    program: Program, store: tuple[str, dict[str, bytes]]
) -> None:
    made = program.upload("sea.png", PNG)
    store[1][bucket.AWAY] = b"-"
    refused = program.post(f"{program.base}attachments/", files={"file": ("a.txt", b"tide")})
    unread = requests.get(made["file"], timeout=10)
    del store[1][bucket.AWAY]
    for answer in (refused, unread):
        assert (answer.status_code, set(answer.json())) == (503, {"detail"})
    assert requests.get(made["file"], timeout=10).content == PNG


def test_without_the_bucket_the_model_is_told_the_name_of_a_file(
    server: Server, program: Program, store: tuple[str, dict[str, bytes]], simulator: SimulatorProcess
) -> None:
    files = {"file": ("tides.txt", b"Twice a day.")}
    made = program.post(f"{program.base}attachments/", files=files).json()
    asking = program_of_replies.Program(server, key=program.key)

    def shown(question: str, **more: Any) -> tuple[str, str]:
        """The conversation, and what of it the model got last."""
        body = {"message": {"content": f"{question} sim:tokens=2", **more.pop("message", {})}, **more}
        answer = asking.post(body)
        assert answer.status_code == 200, answer.text
        asked = simulator.stats()["last_requests"][-1]["messages"]
        return answer.json()["conversationId"], asked[0]["content"]

    conversation, content = shown("tides-there", message={"attachments": [made["id"]]})
    assert content.endswith("Attached file tides.txt:\nTwice a day.")
    store[1][bucket.AWAY] = b"-"
    _, content = shown("tides-away", conversation=conversation)
    del store[1][bucket.AWAY]
    assert content.endswith("[Attached file, of which you cannot see more than the name: tides.txt]")
    assert "attachment_unreadable" in server.log


def test_a_bucket_that_hangs_leaves_threads_for_everybody(tmp_path: Path) -> None:
    with ExitStack() as stack:
        hanging = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=THREADS))
        server = stack.enter_context(
            Server(tmp_path, **variables(f"http://127.0.0.1:{hanging.getsockname()[1]}"))
        )
        threads = stack.enter_context(ThreadPoolExecutor(THREADS))
        stack.callback(hanging.close)
        address, key = f"{server.origin}/api/v1/attachments/", f"Api-Key {key_in(server)}"

        def upload() -> requests.Response:
            files = {"file": ("a.txt", b"tide")}
            return requests.post(address, files=files, headers={"Authorization": key}, timeout=120)

        uploads = [threads.submit(upload) for _ in range(THREADS)]
        at_once = islice(as_completed(uploads, timeout=20), THREADS - turns.at_once - turns.waiting)
        for refused in at_once:
            assert (refused.result().status_code, refused.result().json()["detail"]) == (
                503,
                "Too many files are being sent. Try again later.",
            )
            assert "Retry-After" in refused.result().headers
        assert requests.get(f"{server.origin}/accounts/login/", timeout=10).status_code == 200
