"""Static files with hashed names, in which ES modules import each other by their hashed names too; our own
without their comments and indentation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

#: What is written here for people to read; the rest comes minified from those who made it.
OURS = "chat/"


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    manifest_strict = True
    #: Each settles the names of one more level of imports; modules import each other some eight levels deep.
    max_post_process_passes = 20

    def save(self, name: str, content: IO[Any], max_length: int | None = None) -> str:  # type: ignore[override]
        if name.startswith(OURS):
            content = ContentFile(minified(name, content.read()))
        return super().save(name, content, max_length)

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Make the hashed files of what was saved, not of its sources."""
        ours = {name: (self, name) for name in paths}
        yield from super().post_process(ours, *args, **options)  # type: ignore[no-untyped-call]


def minified(name: str, content: bytes) -> bytes:
    # A server has this module too, and no use for 1.5 MB of patterns.
    from rcssmin import cssmin
    from rjsmin import jsmin

    minify = {".js": jsmin, ".css": cssmin}.get(PurePosixPath(name).suffix)
    return minify(content.decode()).encode() if minify else content
