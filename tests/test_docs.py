"""The documentation names every setting, command, frame and error of the product, and its links work."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path

import pytest

import chat
from chat.exceptions import ChatError
from chat.metrics import REGISTRY
from chat.ws.frames import CLIENT_FRAMES, SERVER_FRAMES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("**/*.md")), ROOT / "README.md", ROOT / "CHANGELOG.md"]
#: Read by the image's own entry and by compose.yaml, not by the settings.
OF_THE_IMAGE = {"MIGRATE_ON_START", "POSTGRES_PASSWORD"}


def settings() -> set[str]:
    """Every variable that config/settings.py reads from the environment."""
    calls = (node for node in ast.walk(ast.parse((ROOT / "config/settings.py").read_text())))
    return {
        node.args[0].value
        for node in calls
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and isinstance(node.args[0], ast.Constant)
    }


def words(page: str) -> str:
    return (DOCS / page).read_text()


def test_every_setting_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"^(?:\| |#+ )`([A-Z0-9_]+)`", words("configure.md"), re.MULTILINE))
    assert explained == settings() | OF_THE_IMAGE


def test_every_setting_stands_in_the_example_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^# ([A-Z0-9_]+)=", example, re.MULTILINE)) == settings() | OF_THE_IMAGE


def test_every_command_is_documented() -> None:
    everything = "".join(page.read_text() for page in PAGES)
    commands = (path.stem for path in (ROOT / "chat/management/commands").glob("[a-z]*.py"))
    assert [name for name in commands if f"manage.py {name}" not in everything] == []


@pytest.mark.parametrize(
    "kind", [*CLIENT_FRAMES.values(), *SERVER_FRAMES.values()], ids=lambda kind: kind.__name__
)
def test_a_frame_is_documented_with_every_field_and_no_other(kind: type) -> None:
    names = {one.name.rstrip("_") for one in fields(kind)}
    assert fields_in_the_docs(kind.type) == names


def fields_in_the_docs(frame: str) -> set[str]:
    """The names in the first column of the table under the frame's heading."""
    found = re.search(
        rf"^#+ `{re.escape(frame)}`.*?\n(.*?)(?=^#|\Z)", words("socket.md"), re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/socket.md has no heading `{frame}`"
    return set(re.findall(r"^\| `(\w+)`", found[1], re.MULTILINE))


def test_every_error_code_is_documented_and_no_other() -> None:
    import_everything()
    documented = set(re.findall(r"^\| `(\w+)`", words("errors.md"), re.MULTILINE))
    assert {kind.code for kind in with_subclasses(ChatError)} <= documented


def test_every_metric_is_explained_and_no_other() -> None:
    import_everything()
    table = words("operate.md").split("\n## Metrics\n")[1].split("```")[0]
    explained = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert explained == {
        family.name + ("_total" if family.type == "counter" else "") for family in REGISTRY.collect()
    }


def test_every_event_of_the_log_is_explained_and_no_other() -> None:
    table = words("operate.md").split("\n## The log\n")[1].split("\n| event |")[1].split("\n\n")[0]
    explained = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert explained == events()


def events() -> set[str]:
    """The first argument of every call of a logger's."""
    files = [*(ROOT / "chat").rglob("*.py"), *(ROOT / "config").rglob("*.py")]
    calls = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return {
        argument.value
        for node in calls
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "logger"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def import_everything() -> None:
    for module in pkgutil.walk_packages(chat.__path__, "chat."):
        if not module.name.startswith(("chat.migrations", "chat.management.server")):
            importlib.import_module(module.name)


def with_subclasses(kind: type[ChatError]) -> set[type[ChatError]]:
    return {kind}.union(*(with_subclasses(one) for one in kind.__subclasses__()))


def test_the_readme_begins_with_the_two_commands() -> None:
    beginning = (ROOT / "README.md").read_text()[:400]
    assert "make run" in beginning
    assert "make test" in beginning


def test_every_link_between_pages_leads_somewhere() -> None:
    assert [
        f"{page.relative_to(ROOT)}: {link}" for page in PAGES for link in links(page) if not leads(page, link)
    ] == []


def links(page: Path) -> list[str]:
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return [
        link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if not link.startswith(("http", "mailto:"))
    ]


def leads(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["embed.md", "errors.md"])
def test_the_chinese_page_has_the_names_of_the_english_one(page: str) -> None:
    def names(text: str) -> set[str]:
        cells = re.findall(r"^\| (`[^|]+)", text, re.MULTILINE)
        return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}

    assert names(words(f"zh-hant/{page}")) == names(words(page))
