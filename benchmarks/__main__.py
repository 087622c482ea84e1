"""Measure the product: ``python -m benchmarks`` prints the table.

With ``--streams`` or ``--profile`` one window of one target instead; ``growth`` prints what the product costs
as work grows, ``lists`` what long lists cost by the API, ``soak`` works for half an hour and looks whether
anything leaks: in one process on SQLite or, with ``--only production``, in two on PostgreSQL and Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

import uvloop

from benchmarks import growth, installation, lists, machine, soak, table
from benchmarks.figures import Figures
from benchmarks.profile import profile
from benchmarks.running import product, running
from benchmarks.session import Plan, idle_socket, measure, one_window
from benchmarks.targets import KEYS, PRODUCT, Parley, Target
from tests.services import postgresql
from tests.simulator.process import SimulatorProcess


def main() -> None:
    options = parsed(sys.argv[1:])
    machine.allow_many_files()
    os.sched_setaffinity(0, {machine.LOAD_CORE})
    print(machine.description(), flush=True)
    keys = options.only or ["parley"]
    if options.what == "growth":
        for key in keys:
            print_growth(key)
    elif options.what == "lists":
        print_lists()
    elif options.what == "soak":
        passed = [print_soak(key, options.streams or soak.PEOPLE) for key in keys]
        sys.exit(0 if all(passed) else 1)
    elif options.streams or options.profile:
        for key in keys:
            window(key, options)
    else:
        print_table(options)


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["table", "growth", "lists", "soak"], default="table")
    parser.add_argument("--only", nargs="+", choices=KEYS, metavar="TARGET", help=", ".join(KEYS))
    parser.add_argument("--quick", action="store_true", help="one short round, no limit of streams")
    parser.add_argument("--rounds", type=int, default=3, help="the table has the medians of so many (3)")
    parser.add_argument("--streams", type=int, help="one window at so many streams; people in the soak")
    parser.add_argument("--periods", type=int, default=2, help="length of the window, in replies (2)")
    parser.add_argument("--profile", action="store_true", help="one window; where the server's time goes")
    options = parser.parse_args(arguments)
    if options.what in ("growth", "soak") and not set(options.only or ()) <= set(PRODUCT):
        parser.error(f"{options.what} is for the product: {', '.join(PRODUCT)}")
    return options


def print_table(options: argparse.Namespace) -> None:
    results: table.Results = {}
    for number in range(1 if options.quick else options.rounds):
        plan = Plan(periods=1 if options.quick else 2, limit=number == 0 and not options.quick)
        for key in options.only or KEYS:
            with running(key) as one:
                print(f"round {number + 1}: {one.name}", file=sys.stderr, flush=True)
                result = results.setdefault(key, table.Result(key, one.name))
                found = uvloop.run(measure(one, plan))
                result.rounds.append(found)
                for figures in (found.few, found.many, found.unpaced):
                    print(f"  {figures}", file=sys.stderr, flush=True)
            if key in PRODUCT:
                with running(key) as one:
                    result.idle.append(uvloop.run(idle_socket(one, plan)))
    print(f"\n{table.markdown(results)}\n\n{table.budgets(results)}")


def print_growth(key: str) -> None:
    with SimulatorProcess() as upstream:
        with product(key, upstream.url, pages=True) as (one,):
            histories = growth.by_messages(one, growth.MESSAGES)
        print(f"\n{one.name}\n\n{growth.messages_table(histories)}", flush=True)
        steps = []
        for streams in growth.STREAMS:
            with product(key, upstream.url) as (one,):
                steps.append(uvloop.run(growth.at_streams(one, streams)))
    print(f"\n{growth.streams_table(steps)}", flush=True)


def print_lists() -> None:
    with postgresql() as address:
        found = [
            lists.lists(
                Parley("", name=name, database_url=url, members=1, python=installation.python(*extras)),
                lists.CONVERSATIONS,
                lists.MESSAGES,
            )
            for name, url, extras in (("SQLite", "", ()), ("PostgreSQL", address, ("production",)))
        ]
    print(f"\n{lists.pages_table(found)}\n\n{lists.exports_table(found)}")
    print(f"\n{table.verdict_lines(lists.verdicts(found))}")


def print_soak(key: str, people: int) -> bool:
    """Whether it was passed."""
    processes = soak.PROCESSES.get(key, 1)
    with SimulatorProcess() as upstream, product(key, upstream.url, processes=processes) as servers:
        print(f"{servers[0].name}, processes: {processes}", flush=True)
        report = uvloop.run(soak.soak(servers, upstream, people=people, minutes=soak.MINUTES))
    verdicts = [*report.correct(), *report.steady()]
    print("\n".join({soak.kind(error): error for error in report.errors}.values()))
    print(f"\n{soak.lines(report)}\n\n{table.verdict_lines(verdicts)}", flush=True)
    return all(passed for passed, _ in verdicts)


def window(key: str, options: argparse.Namespace) -> None:
    async def work(one: Target) -> tuple[Figures, str]:
        streams = options.streams or 100
        if not options.profile:
            return await one_window(one, streams, options.periods), ""
        # The first replies are not looked at: they begin together.
        measured = asyncio.create_task(one_window(one, streams, options.periods + 2))
        await asyncio.sleep(15)
        tables = await profile(one.process.pid, 10 * options.periods)
        return await measured, tables

    with running(key) as one:
        figures, tables = uvloop.run(work(one))
        print(tables)
        print(f"{one.name}: {figures}", flush=True)


if __name__ == "__main__":
    main()
