"""What follows from tables alone is worked out once for as long as they are in use.

Tables are never written to (see `Network`), and of a thousand scenarios most have most tables in common, so that which
object a table is tells what stands in it.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

import pandas as pd

__all__ = ["remember"]

Function = TypeVar("Function", bound=Callable[..., Any])


def remember(maxsize: int) -> Callable[[Function], Function]:
    """Return a decorator with which a function of tables answers the last so many questions from memory.

    Its arguments are positional: tables, which are told apart by which object they are, and what can be hashed. The
    answer is shared by all who ask, threads too: nobody may write to it.
    """

    def decorate(function: Function) -> Function:
        @lru_cache(maxsize)
        def known(*arguments: Hashable) -> Any:
            return function(*(part.table if isinstance(part, _Table) else part for part in arguments))

        @wraps(function)
        def remembering(*arguments: Any) -> Any:
            return known(*(_Table(part) if isinstance(part, pd.DataFrame) else part for part in arguments))

        return cast("Function", remembering)

    return decorate


class _Table:
    """A table by which object it is."""

    __slots__ = ("table",)

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and self.table is other.table

    def __hash__(self) -> int:
        return id(self.table)
