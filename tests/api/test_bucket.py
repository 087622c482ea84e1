"""Files in a bucket of S3: programs send them there; Parley looks at them, keeps them and serves them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.api.programs import Program, key_in
from tests.harness import bucket
from tests.harness.server import Server
from tests.media import samples
from tests.services import wait_until

PNG = samples.png()


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[str, dict[str, bytes]]]:
    with bucket.bucket() as made:
        yield made


@pytest.fixture(scope="module")
def program(
    store: tuple[str, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    variables = {
        "S3_BUCKET": bucket.BUCKET,
        "S3_ENDPOINT_URL": store[0],
        "S3_REGION": bucket.REGION,
        "S3_ACCESS_KEY_ID": bucket.KEY_ID,
        "S3_SECRET_ACCESS_KEY": bucket.SECRET,
    }
    with Server(tmp_path_factory.mktemp("data"), **variables) as server:
        with Program(server, key_in(server)) as made:
            yield made
        assert not (server.data / "media").exists()


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
