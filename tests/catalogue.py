"""Reading what is to be translated, and the catalogues, without gettext's own programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
#: The names by which strings are collected, here as by ``makemessages``.
MARKS = {
    "_",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "npgettext",
    "npgettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""


@dataclass
class Entry:
    """One message of a catalogue: its source, its translations, and its comments' flags."""

    source: str = ""
    plural: str = ""
    context: str = ""
    translations: list[str] = field(default_factory=list)
    fuzzy: bool = False


def entries(catalogue: Path) -> list[Entry]:
    """All but the header and the obsolete ones."""
    blocks = catalogue.read_text().strip().split("\n\n")
    read = [entry_of(block) for block in blocks if not block.startswith("#~")]
    return [entry for entry in read if entry.source]


def entry_of(block: str) -> Entry:
    flags = " ".join(line for line in block.splitlines() if line.startswith("#,"))
    values: dict[str, str] = {}
    for name, text in re.findall(r'^(msg\w+(?:\[\d\])?) ((?:".*"\n?)+)', block, re.MULTILINE):
        values[name] = "".join(ast.literal_eval(piece) for piece in text.splitlines())
    return Entry(
        source=values.get("msgid", ""),
        plural=values.get("msgid_plural", ""),
        context=values.get("msgctxt", ""),
        translations=[value for name, value in values.items() if name.startswith("msgstr")],
        fuzzy="fuzzy" in flags,
    )


def strings_of_the_server() -> Iterator[tuple[Path, str]]:
    for folder in ("chat", "config"):
        for path in sorted((ROOT / folder).glob("**/*.py")):
            yield from ((path, text) for text in in_python(path.read_text()))
    for path in sorted((ROOT / "templates").glob("**/*.*")):
        yield from ((path, text) for text in in_template(path.read_text()))


def strings_of_the_page() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "static" / "chat").glob("**/*.js")):
        yield from ((path, text) for text in in_javascript(path.read_text()))


def in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_, *_]) if name in MARKS:
                argument = node.args[1 if "pgettext" in name else 0]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def unknown_names() -> Iterator[str]:
    """Where a function that translates goes by a name under which no string is collected."""
    for path in (path for folder in ("chat", "config") for path in (ROOT / folder).glob("**/*.py")):
        source = path.read_text()
        yield from (f"{path.relative_to(ROOT)}: {name}" for name in names_given(source) if name not in MARKS)


def names_given(source: str) -> Iterator[str]:
    """To functions that translate: by an import, and by an assignment."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="django.utils.translation" | "gettext", names=names):
                yield from (one.asname or one.name for one in names if one.name in MARKS)
            case ast.Assign(targets=targets, value=ast.Name(id=name) | ast.Attribute(attr=name)) if (
                name in MARKS
            ):
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def in_template(source: str) -> Iterator[str]:
    for text in re.findall(rf"\b(?:n?gettext|_)\(u?({STRING})", templatize(source)):
        yield ast.literal_eval(text).replace("%%", "%")


def in_javascript(source: str) -> Iterator[str]:
    for text in re.findall(rf"\bn?gettext\(\s*({STRING})", source):
        yield ast.literal_eval(text)
