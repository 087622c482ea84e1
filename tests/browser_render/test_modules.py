"""The modules as they are served: hashed by Django, with the libraries that were built beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser_render.workshop import STATIC, Workshop
from tests.harness.prepared import static_files

VENDOR = STATIC / "vendor"
LIBRARIES = {"marked": "marked", "dompurify": "dompurify", "highlight.js": "highlight", "katex": "katex"}
#: An import as the browser sees it: at the beginning of a line, or dynamic.
IMPORT = re.compile(r"""^(?:im|ex)port\b[^"']*?from "([^"]+)";|[ (]import\("([^"]+)"\)\.then""", re.MULTILINE)
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture(scope="module")
def collected() -> Path:
    return static_files()


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_the_pinned_one_and_has_its_licence(library: str) -> None:
    version = json.loads((VENDOR / "package.json").read_text())["devDependencies"][library]
    first_line = (VENDOR / f"{LIBRARIES[library]}.js").read_text().partition("\n")[0]
    assert first_line.startswith(f"/*! {library} {version}, ")
    assert list((VENDOR / "licenses").glob(f"{LIBRARIES[library]}.LICENSE*"))


def test_the_lock_pins_every_package_by_its_content() -> None:
    lock = json.loads((VENDOR / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry.get("integrity")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_libraries_are_served_as_they_were_built(collected: Path) -> None:
    for name in LIBRARIES.values():
        [served] = (collected / "vendor").glob(f"{name}.????????????.js")
        assert served.read_bytes() == (VENDOR / f"{name}.js").read_bytes()


def test_what_only_builds_the_libraries_is_not_served(collected: Path) -> None:
    served = {path.name for path in (collected / "vendor").rglob("*")}
    assert not served & {"package.json", "package-lock.json", "build.mjs", "node_modules", "marked.d.ts"}


def test_modules_import_each_other_by_their_hashed_names(collected: Path) -> None:
    modules = [path for path in (collected / "chat").rglob("*.js") if HASHED.search(path.name)]
    imports = [(path, one or other) for path in modules for one, other in IMPORT.findall(path.read_text())]
    assert len(imports) > 20
    for path, target in imports:
        assert HASHED.search(target), (path.name, target)
        assert (path.parent / target).exists(), (path.name, target)


@pytest.mark.browser
def test_the_hashed_modules_run_under_the_policy(collected: Path, chromium: Browser) -> None:
    """Static and dynamic imports alike: code and a formula load their libraries when first needed."""
    entry = json.loads((collected / "staticfiles.json").read_text())["paths"]["chat/markdown.js"]
    with Workshop(collected) as workshop:
        page = chromium.new_page(base_url=workshop.url)
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url.removeprefix(workshop.url)))
        page.goto("/strict")
        page.wait_for_function("window.workshop")
        loaded.clear()
        page.evaluate(
            """async ([entry, text]) => {
              const { renderInto, settled } = await import(entry);
              renderInto(document.getElementById("out"), text);
              await settled();
            }""",
            [f"/{entry}", "```python\nif x: pass\n```\n\n$x^2$"],
        )
        assert page.locator(".hljs-keyword").count() == 2
        assert page.locator("math").count() == 1
        assert len(loaded) > 15
        assert all(HASHED.search(path) for path in loaded), loaded
        page.close()
