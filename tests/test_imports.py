"""The direction of imports: downwards only, so that each room can be read without the ones above it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Top to bottom. A room may import itself, what lies below, and (the edges excepted) its neighbours.
LAYERS: list[set[str]] = [
    # chat.management.server puts the process together, as config.asgi does.
    {"config", "chat.apps", "chat.management.server"},
    {
        "chat.api",
        "chat.maax",
        "chat.openai",
        "chat.ws",
        "chat.web",
        "chat.embed",
        "chat.admin",
        "chat.management",
        "chat.templatetags",
    },
    # How the faces over HTTP answer with a reply.
    {"chat.answers"},
    {
        "chat.services",
        "chat.selectors",
        "chat.shapes",
        "chat.limits",
        "chat.doctor",
        "chat.cursors",
        "chat.webhooks",
        "chat.sitecheck",
    },
    # The outbox is written where messages get their content; what is sent is read from above.
    {"chat.replies", "chat.jobs", "chat.knowledge", "chat.hints", "chat.principals", "chat.webhooks.outbox"},
    {"chat.completions", "chat.models"},
    {
        "chat.exceptions",
        "chat.text",
        "chat.db",
        "chat.logs",
        "chat.media",
        "chat.metrics",
        "chat.prepared",
        "chat.redaction",
        "chat.tasks",
        "chat.turns",
        "chat.writers",
    },
]
EDGES = LAYERS[1]
#: Rooms of one layer that know nothing of each other.
STRANGERS = [EDGES, LAYERS[5]]
#: What belongs to an edge, so that the rooms below it have none of it.
OF_THE_EDGES = (
    "django.http",
    "django.forms",
    "django.shortcuts",
    "django.views",
    "django.contrib.admin",
)
#: Packages that are kept in few rooms, so that another one could take their place there.
KEPT_IN = {
    "httpx": ("chat.completions",),
    "aiohttp": ("chat.completions", "chat.doctor", "chat.sitecheck", "chat.webhooks"),
    "channels.layers": ("chat.hints",),
    "jwt": ("chat.services.identity",),
}


def modules() -> list[str]:
    files = [*ROOT.glob("chat/**/*.py"), *ROOT.glob("config/**/*.py")]
    names = (".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    return sorted(name.removesuffix(".__init__") for name in names if ".migrations" not in name)


@cache
def imports_of(module: str) -> frozenset[str]:
    """Everything that is imported anywhere in the module, inside functions too, as full names."""
    path = ROOT / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return frozenset(named_by(ast.parse(source.read_text())))


def named_by(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def place_of(name: str) -> tuple[int, str] | None:
    """The number of the layer and the room; the most exact of several that fit."""
    found = [(room, number) for number, layer in enumerate(LAYERS) for room in layer if within(name, room)]
    room, number = max(found, key=lambda one: len(one[0]), default=("", -1))
    return (number, room) if room else None


def allowed(module: str, target: str) -> bool:
    here, there = place_of(module), place_of(target)
    if here is None or there is None:
        return False
    if here[1] == there[1] or within(module, "chat.management") and within(target, "chat.management"):
        return True
    if here[0] == there[0]:
        return not any(here[1] in rooms for rooms in STRANGERS)
    return here[0] < there[0]


def offences(wrong: Callable[[str, str], bool]) -> list[str]:
    """Every import of every module for which ``wrong(module, target)`` holds, in words."""
    pairs = ((module, target) for module in modules() for target in sorted(imports_of(module)))
    return [f"{module} imports {target}" for module, target in pairs if wrong(module, target)]


def test_a_module_imports_only_from_its_own_room_and_from_below() -> None:
    def upwards(module: str, target: str) -> bool:
        return target.startswith(("chat.", "config.")) and not allowed(module, target)

    assert offences(upwards) == []


def test_every_module_has_a_room() -> None:
    assert [module for module in modules() if module != "chat" and place_of(module) is None] == []


def test_what_lies_below_the_edges_knows_no_requests_and_no_forms() -> None:
    def of_the_edges(module: str, target: str) -> bool:
        place = place_of(module)
        return place is not None and place[0] > 2 and target.startswith(OF_THE_EDGES)

    assert offences(of_the_edges) == []


def test_a_package_that_is_kept_in_one_room_stays_there() -> None:
    def strays(module: str, target: str) -> bool:
        rooms = [room for package, rooms in KEPT_IN.items() if within(target, package) for room in rooms]
        return bool(rooms) and not any(within(module, room) for room in rooms)

    assert offences(strays) == []


def test_the_completions_room_knows_no_django_models() -> None:
    def models(module: str, target: str) -> bool:
        return within(module, "chat.completions") and target.startswith(("django.db", "django.contrib"))

    assert offences(models) == []
