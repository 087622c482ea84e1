"""The lengths that keep a module readable in one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = sorted(
    path.relative_to(ROOT)
    for folder in ("chat", "config", "tests", "benchmarks", "static/chat", "static/embed")
    for pattern in ("**/*.py", "**/*.js", "**/*.css")
    for path in (ROOT / folder).glob(pattern)
    if "migrations" not in path.parts
)


def test_a_module_has_at_most_400_lines() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in OURS}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_a_function_of_the_product_has_at_most_50_lines() -> None:
    python = [path for path in OURS if path.suffix == ".py" and path.parts[0] in ("chat", "config")]
    assert [f"{path}: {name}" for path in python for name, length in functions_of(path) if length > 50] == []


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
