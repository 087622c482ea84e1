"""Serve the simulator; the first line on standard output is ``{"port": …}``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

import uvloop

from tests.simulator.server import listen


async def serve(port: int, *, with_parent: bool) -> None:
    server = await listen(port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    if with_parent:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    else:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    try:
        uvloop.run(serve(options.port, with_parent=options.with_parent))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
