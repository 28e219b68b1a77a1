"""Stage 7: the commands. Each reads a study, does one thing, and says what to do when it cannot.

Exit status: 0 done, 1 a target that was asked for is missed, 2 the input or the command is wrong.
"""

import argparse
import atexit
import gc
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from sim.commands.declared_comparisons import declare_comparisons
from sim.commands.declared_runs import declare_runs
from sim.errors import SimError

__all__ = ["main"]

EXAMPLES = """examples:
  sim check circles                               read everything and list every problem
  sim list circles                                scenarios x projects
  sim show circles plan_2027                      what a scenario changes, old -> new
  sim run                                         every scenario of scenarios/circles
  sim run circles plan_2027 all_2035              two of its scenarios
  sim times circles plan_2027 --cities --from ningbo > times.csv
  sim route circles plan_2027 ningbo shanghai     door to door, leg by leg
  sim targets circles                             verdicts in four readings
  sim planned-lines circles                       planned lines beside the official projections
  sim run-time huhang --stops shanghaihongqiao,hangzhoudong     one train's speed profile
  sim compare circles do_minimum_2025 plan_2027   minutes saved, newly reached, winners and losers
  sim contributions circles --target huyong_1h    first in, last in, Shapley values, synergies
  sim missing-links circles --city ningbo         road links that are missing, by person-minutes saved
  sim claims                                      official claims beside the model
  sim report circles --language en                report.docx, report.html, tables.xlsx, figures
  sim hindcast                                    past years against what was observed
  sim import-osm FILE networks/NAME --base networks/yrd         roads from an OpenStreetMap extract
  sim cache                                       what is kept between runs; --clear removes it

STUDY is a folder with a study.toml, or its name under scenarios/."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    began_s = time.perf_counter()
    # A study is millions of objects that stay to the end: looking through them for garbage took a seventh of a run, and
    # once more, at the end, half a second.
    gc.set_threshold(1_000_000, 50, 100)
    atexit.register(gc.freeze)
    parser = _build_parser()
    options = parser.parse_args(arguments, argparse.Namespace(began_s=began_s))
    if not hasattr(options, "handler"):
        parser.print_help()
        return 0
    try:
        if getattr(options, "analyses", False):
            status = import_module("sim.commands.analyses").run_analyses(options, main)
            if status:
                return int(status)
        module, _, name = options.handler.partition(":")
        handler: Callable[[Any], int] = getattr(import_module(f"sim.commands.{module}"), name)
        return handler(options)
    except SimError as error:
        count = len(error.problems)
        print(f"sim: {count} problem{'s' if count != 1 else ''}", file=sys.stderr)
        for sentence in error.problems:
            print(f"  - {sentence}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sim",
        description="Travel-time circles of Ningbo and the Yangtze River Delta, by scenario.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    declare_runs(commands)
    declare_comparisons(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
