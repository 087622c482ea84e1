"""The least that can be between a model and a browser, to measure the product against: no people, no rows, no
acknowledgements, one frame for each token. They speak the product's frames, so that the same tabs drive them.

Each is run with ``--port`` and ``--upstream`` and answers at ``/``.
"""

from __future__ import annotations

import argparse


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="with its path, as far as /v1")
    return parser
