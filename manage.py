#!/usr/bin/env python
"""Parley's command line."""

import gc
import os
import sys


def main() -> None:
    # Until everything is loaded (chat.apps) there is no garbage: looking for some takes a third of the time.
    gc.disable()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config.first_run import ensure_secret_key

    if sys.argv[1:2] == ["restore"]:
        ensure_secret_key()  # on a new machine: the backup brings its own, and to read it any key will do
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"parley: {error}")


if __name__ == "__main__":
    main()
