"""Stage 7b: the study that a command names."""

from pathlib import Path

from rich.console import Console

from sim.errors import InputError, did_you_mean
from sim.study import Study, read_study

__all__ = ["open_study"]


def open_study(text: str) -> Study:
    """Return the study in a folder, or of that name under scenarios/.

    Raises
    ------
    InputError: there is none, or anything is wrong in its files.
    """
    for folder in (Path(text), Path("scenarios") / text):
        if (folder / "study.toml").exists():
            with Console(stderr=True).status(f"reading {folder}"):
                return read_study(folder)
    known = sorted(path.parent.name for path in Path("scenarios").glob("*/study.toml"))
    hint = did_you_mean(text, known) or (f"; there are {', '.join(known)}" if known else "; run sim in its folder")
    raise InputError(f"no study '{text}': no such folder with a study.toml, here or under scenarios/{hint}")
