"""Stage 7: how a command is declared: its name, what it does, an example, and the study it works on."""

import argparse
from typing import Any

__all__ = ["DEFAULT_STUDY", "add_on_study", "add_plain"]

DEFAULT_STUDY = "scenarios/circles"


def add_plain(commands: Any, name: str, description: str, example: str) -> argparse.ArgumentParser:
    """Add a command with its description and an example, and no arguments yet."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=description,
        description=f"{description[:1].upper()}{description[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_on_study(
    commands: Any, name: str, description: str, example: str, *, default: str | None = DEFAULT_STUDY
) -> argparse.ArgumentParser:
    """Add a command whose first argument is a study; with a default it may be left out."""
    parser = add_plain(commands, name, description, example)
    shown = f" (default: {default})" if default else ""
    nargs = "?" if default else None
    text = f"folder of a study, or its name under scenarios/{shown}"
    parser.add_argument("study", metavar="STUDY", nargs=nargs, default=default, help=text)
    return parser
