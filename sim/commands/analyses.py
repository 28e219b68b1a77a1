"""Stage 7: the commands whose tables a report holds besides the runs, as [report] of study.toml lists them."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence

from sim.commands.opening import open_study
from sim.errors import InputError, did_you_mean

__all__ = ["run_analyses"]

COMMANDS = (
    *("claims", "indicators", "contributions", "savings", "options", "switching"),
    *("missing-links", "bus-lines", "compare", "hindcast"),
)


def run_analyses(options: argparse.Namespace, run: Callable[[Sequence[str]], int]) -> int:
    """Run the commands of a study's list as if they were typed, and return the first status that is not 0.

    Parameters
    ----------
    options : study, outputs.
    run : runs a command and returns its exit status.

    Raises
    ------
    InputError: lines that name no such command; none is run then.
    """
    lines = open_study(options.study).file.report.analyses
    words = [shlex.split(line) for line in lines]
    problems = [
        f"study.toml: [report] analyses: {line!r} is none of {', '.join(COMMANDS)}{did_you_mean(own[0] if own else '', COMMANDS)}"
        for line, own in zip(lines, words, strict=True)
        if not own or own[0] not in COMMANDS
    ]
    if problems:
        raise InputError(problems)
    for line, (command, *rest) in zip(lines, words, strict=True):
        print(f"sim {line}", file=sys.stderr)
        # The hindcast is a study of its own; the study of the report holds the plans it compares.
        study = ["--plans", options.study] if command == "hindcast" else [options.study]
        status = run([command, *study, *rest, "--outputs", str(options.outputs)])
        if status:
            return status
    return 0
