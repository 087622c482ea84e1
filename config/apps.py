"""Django's static files without what only builds them."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "node_modules", "package*.json", "*.mjs", "*.d.ts"]
