"""An OpenAI-compatible completions endpoint for tests and benchmarks, with every fault we know by name.

``python -m tests.simulator --port 0`` serves it from a process of its own; in tests use ``SimulatorProcess``.
What it does is chosen by the model's name or by a word in the newest message (see ``scenario``):

    sim:tokens=200,rate=20,seed=7          ``expected_text(200, 7)`` at 20 tokens a second
    sim:echo                               the newest message itself
    sim:fault=cut_chunked,after=10         ten tokens, then the connection breaks
"""

from __future__ import annotations

from tests.simulator.process import SimulatorProcess
from tests.simulator.text import expected_text

__all__ = ["SimulatorProcess", "expected_text"]
