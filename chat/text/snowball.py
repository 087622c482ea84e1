"""Snowball's stemmer for English alone.

Its package loads those of 35 other languages as well, which is 3 MB of every process. This module stands in
for the package: the same folder is searched, for what is asked for only.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_package = find_spec("snowballstemmer")
__path__ = (_package and _package.submodule_search_locations) or []


def english() -> Any:
    return import_module(f"{__name__}.english_stemmer").EnglishStemmer()
