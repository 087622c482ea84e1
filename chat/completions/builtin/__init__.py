"""The built-in provider: answers from the sources it is given, with no model and no network.

It is what a fresh installation answers with, and a way to read one's documents that never invents anything.
"""

from __future__ import annotations

from chat.completions.builtin.pieces import PACE, stream

__all__ = ["PACE", "stream"]
