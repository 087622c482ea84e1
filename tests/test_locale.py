"""The Traditional Chinese catalogues are whole: every string, translated, compiled, with its placeholders.
Its documentation calls things as they do."""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.catalogue import (
    MARKS,
    Entry,
    entries,
    in_python,
    names_given,
    strings_of_the_page,
    strings_of_the_server,
    unknown_names,
)

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "chat" / "locale" / "zh_Hant" / "LC_MESSAGES"
TOUCHING = re.compile(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]")
both = pytest.mark.parametrize("domain", ["django", "djangojs"])
every_page = pytest.mark.parametrize(
    "page", sorted(ROOT.glob("docs/zh-hant/*.md")), ids=lambda page: page.stem
)


def catalogue(domain: str) -> list[Entry]:
    return entries(FOLDER / f"{domain}.po")


@pytest.mark.parametrize(
    ("domain", "strings"), [("django", strings_of_the_server), ("djangojs", strings_of_the_page)]
)
def test_every_string_of_the_product_is_in_the_catalogue(
    domain: str, strings: Callable[[], Iterator[tuple[Path, str]]]
) -> None:
    known = {entry.source for entry in catalogue(domain)}
    assert sorted({text for _, text in strings() if text and text not in known}) == [], "run `make messages`"


def test_strings_are_marked_by_names_that_are_collected() -> None:
    assert list(unknown_names()) == []


def test_marks_are_seen_under_whatever_name_they_go() -> None:
    source = """
from django.utils import translation
from django.utils.translation import gettext as _now, gettext_lazy as _, ngettext
later = translation.gettext_lazy
_("one"); _now("two"); translation.gettext("three"); ngettext("four", "fours", 4); pgettext("verb", "five")
"""
    assert set(in_python(source)) == {"one", "three", "four", "five"}
    assert set(names_given(source)) - MARKS == {"_now", "later"}


@both
def test_every_string_is_translated_for_certain(domain: str) -> None:
    assert [one.source for one in catalogue(domain) if one.fuzzy or "" in one.translations] == []


@both
def test_the_compiled_catalogue_is_that_of_the_source(domain: str) -> None:
    with (FOLDER / f"{domain}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in catalogue(domain):
        given = (
            compiled.pgettext(entry.context, entry.source)
            if entry.context
            else compiled.gettext(entry.source)
        )
        assert given == entry.translations[0], "run `make messages`"


@both
def test_a_translation_has_the_placeholders_of_its_source(domain: str) -> None:
    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\w*\}", text))

    for entry in catalogue(domain):
        for translation in entry.translations:
            assert placeholders(translation) == placeholders(entry.plural or entry.source), entry.source


@both
def test_a_space_stands_between_chinese_and_latin(domain: str) -> None:
    strays = [text for entry in catalogue(domain) for text in entry.translations if TOUCHING.search(text)]
    assert strays == []


@every_page
def test_the_same_in_the_documentation(page: Path) -> None:
    assert [line for line in page.read_text().splitlines() if TOUCHING.search(line)] == []


@every_page
def test_what_is_bold_in_the_documentation_is_said_so_by_the_interface(page: Path) -> None:
    said = {
        text for domain in ("django", "djangojs") for one in catalogue(domain) for text in one.translations
    }
    bold = re.findall(r"\*\*(.+?)\*\*", page.read_text())
    assert {name for path in bold for name in path.split(" → ")} - said == set()


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["zh-TW", "zh-Hant-HK,en;q=0.5"])
def test_a_browser_that_asks_for_it_gets_the_page_and_its_scripts_in_chinese(
    client: Client, asked: str
) -> None:
    headers = {"accept-language": asked}
    page = client.get("/accounts/login/", headers=headers).content.decode()
    assert '<html lang="zh-hant"' in page
    assert "登入" in page
    script = client.get(reverse("javascript-catalog"), headers=headers)
    assert json.dumps("想問什麼？") in script.content.decode()
