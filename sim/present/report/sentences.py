"""Stage 5e: every sentence of the report, in Chinese and English beside each other, filled with numbers."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from sim.present.report.document import Language

__all__ = ["Sentences", "few_digits", "minutes", "people", "plural", "signed"]


def signed(value: float, decimals: int = 0) -> str:
    """Return a number with its sign; one that would round to 0 keeps a decimal, and 0 has no sign.

    Examples
    --------
    >>> signed(-37.6), signed(0.4), signed(0.0)
    ('-38', '+0.4', '0')
    """
    if decimals == 0 and 0 < abs(value) < 1:
        decimals = 1
    rounded = round(value, decimals) + 0.0
    return f"{rounded:+,.{decimals}f}" if rounded else "0"


def minutes(value: float) -> str:
    """Return minutes; what would round to 0 keeps a decimal, so that a narrow miss is never said to be none.

    Examples
    --------
    >>> minutes(84.4), minutes(0.3), minutes(0.01), minutes(0.0)
    ('84', '0.3', '<0.1', '0')
    """
    if 0 < abs(value) < 1:
        return f"{value:.1f}" if abs(value) >= 0.05 else "<0.1"
    return f"{value + 0.0:,.0f}"


def few_digits(amount: float) -> str:
    """Return an amount without decimals, from 0 to 10 with two digits that count.

    Examples
    --------
    >>> few_digits(1234.5), few_digits(4.0), few_digits(0.3512)
    ('1,234', '4', '0.35')
    """
    return f"{amount:,.0f}" if amount >= 10 else f"{amount:.2g}"


def plural(count: float, word: str) -> str:
    """Return a count with its English noun.

    Examples
    --------
    >>> plural(1, "city"), plural(2, "city"), plural(0, "minute")
    ('1 city', '2 cities', '0 minutes')
    """
    shown = f"{count:,.0f}"
    if shown == "1":
        return f"1 {word}"
    return f"{shown} {word[:-1]}ies" if word.endswith("y") else f"{shown} {word}s"


def people(count: float, language: Language) -> str:
    """Return a number of people as the language says it.

    Examples
    --------
    >>> people(7_123_000, "zh"), people(7_123_000, "en"), people(123_456_789, "zh")
    ('712万人', '7.1 million people', '1.23亿人')
    """
    if language == "zh":
        if count >= 1e8:
            return f"{count / 1e8:.2f}亿人"
        return f"{count / 1e4:,.0f}万人" if count >= 1e5 else f"{count:,.0f}人"
    return f"{count / 1e6:,.1f} million people" if count >= 1e6 else f"{count:,.0f} people"


class Sentences:
    """The sentences in one language.

    Parameters
    ----------
    language : "zh" or "en".

    Examples
    --------
    >>> Sentences("en").say("label.table")
    'Table'
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence filled with values; every value it names must be given.

        Raises
        ------
        KeyError: there is no such sentence.
        """
        template = _environment(self.language).from_string(_read_sentences()[key][self.language])
        return template.render(**values)

    def say_or(self, key: str, otherwise: str) -> str:
        """Return a sentence without values, or other words where there is no such sentence."""
        return self.say(key) if key in _read_sentences() else otherwise

    def lines(self, key: str) -> tuple[str, ...]:
        """Return a list of sentences."""
        return tuple(_read_sentences()[key][self.language])

    def name(self, thing: Any) -> str:
        """Return the name of anything that has `name` and `name_en`."""
        return str(thing.name if self.language == "zh" else thing.name_en)

    @property
    def name_column(self) -> str:
        """The column of tables that holds names in this language."""
        return "name" if self.language == "zh" else "name_en"


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701 writers escape
    environment.filters |= {
        "signed": signed,
        "plural": plural,
        "people": lambda count: people(count, language),
        "minutes": minutes,
        "percent": lambda share: f"{share * 100:.0f}%",
    }
    return environment


@cache
def _read_sentences() -> dict[str, dict[str, Any]]:
    """Return every sentence by its dotted key."""
    text = (files("sim.present.report") / "sentences.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}

    def gather(prefix: str, node: dict[str, Any]) -> None:
        if set(node) == {"zh", "en"}:
            found[prefix] = node
            return
        for key, child in node.items():
            gather(f"{prefix}.{key}" if prefix else key, child)

    gather("", tomllib.loads(text))
    return found
