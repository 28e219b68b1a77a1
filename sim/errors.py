"""Every error a user can meet, in one place.

SimError                 carries .problems, a list of sentences
├── InputError           a file, a value or a name given by the user is wrong
├── ScenarioError        projects or scenarios contradict each other or the base
└── NoRouteError         two places are not connected in this network
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = ["InputError", "NoRouteError", "ScenarioError", "SimError", "did_you_mean"]


class SimError(Exception):
    """An error that a user can mend; `problems` lists everything found, one sentence each."""

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: list[str] = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class InputError(SimError):
    """A file, a value or a name given by the user is wrong."""


class ScenarioError(SimError):
    """Projects or scenarios contradict each other or the base network."""


class NoRouteError(SimError):
    """Two places are not connected in this network."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the closest known word, or "" when none is close.

    >>> did_you_mean("ningb", ["ningbo", "shanghai"])
    " (did you mean 'ningbo'?)"
    """
    candidates = sorted({str(item) for item in known})
    lowered = {item.lower(): item for item in candidates}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" (did you mean '{lowered[close[0]]}'?)" if close else ""
