"""Which files are taken and under which name: name, declared type and bytes have to agree."""

from __future__ import annotations

from io import BytesIO

import pytest

from chat.media.errors import FileRefused
from chat.media.kinds import KINDS, examine, suffix_of
from chat.media.names import CHARACTERS, name_in, new_name, shown_name
from tests.media import samples


def test_there_is_a_sample_of_every_kind() -> None:
    assert {suffix_of(name) for name in samples.GOOD} | {".log"} == set(KINDS)


@pytest.mark.parametrize("name", samples.GOOD)
def test_what_is_what_it_says_is_taken(name: str) -> None:
    kind = KINDS[suffix_of(name)]
    for declared in ("", "application/octet-stream", f"{kind.content_type.upper()}; charset=utf-8"):
        file = BytesIO(samples.GOOD[name])
        assert examine(file, filename=name, declared=declared) is kind
        assert file.tell() == 0


@pytest.mark.parametrize(("name", "declared", "content"), samples.BAD)
def test_what_is_something_else_is_refused(name: str, declared: str, content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        examine(BytesIO(content), filename=name, declared=declared)
    assert str(refused.value.message).endswith(".")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("%2e%2e%2fa.txt", "%2e%2e%2fa.txt"),
        ("a\0.html.txt", "a .html.txt"),
        ("a.txt\r\nSet-Cookie: x=1", "a.txt Set-Cookie: x=1"),
        ("exe.\u202egnp.txt", "exe.gnp.txt"),
        ("\u200b\ufeffa\u2028b.txt", "a b.txt"),
        ('"a"; filename="b.txt', '"a"; filename="b.txt'),
        ("e\u0301te\u0301 🌊.png", "\u00e9t\u00e9 🌊.png"),
        ("\ud83d.txt", "?.txt"),
        ("CON", "CON"),
        ("a.png. . ", "a.png"),
        ("..", ""),
        ("a/", ""),
        ("", ""),
    ],
)
def test_a_name_is_shown_in_one_line_without_paths_and_tricks(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_a_long_name_keeps_its_end() -> None:
    shown = shown_name("潮" * 300 + ".png")
    assert len(shown) == CHARACTERS
    assert shown.endswith("潮.png")


def test_a_file_is_known_by_its_key_and_its_addresses_and_by_nothing_else() -> None:
    name = new_name(".png")
    origins = ["https://chat.example.com"]
    for given in (
        f"media/{name}",
        name,
        f"/media/{name}",
        f"https://chat.example.com/media/{name}",
        f"https://chat.example.com/media/{name}?expires=1&signature=x",
        f"https://chat.example.com/media/{name.replace('/', '%2F')}#x",
    ):
        assert name_in(given, origins) == name
    for given in (
        "",
        "media/",
        "media/../secret_key",
        f"media/../media/{name}",
        f"media/chat/attachment/../{name}",
        f"{name}\n",
        f"{name}\0",
        f"media/media/{name}",
        f"https://elsewhere.example.com/media/{name}",
        f"https://chat.example.com.evil.example/media/{name}",
        f"https://chat.example.com@evil.example/media/{name}",
        name.upper(),
        name.replace("chat/", "knowledge/"),
        "parley.sqlite3",
    ):
        assert name_in(given, origins) == ""
