"""Static files with hashed names, in which ES modules import each other by their hashed names too."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
    manifest_strict = True
    #: Each settles the names of one more level of imports; modules import each other some eight levels deep.
    max_post_process_passes = 20
