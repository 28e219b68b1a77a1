"""Stage 5: the table of a plan's systems as Markdown, kept in a page between two marks."""

from pathlib import Path

import pandas as pd

from sim.errors import InputError

__all__ = ["BEGIN", "END", "put_into_page", "write_markdown"]

BEGIN, END = "<!-- sim systems -->", "<!-- end of sim systems -->"
"""Lines between which the table stands; what is between them is replaced."""
HEADINGS = ("#", "the plan's words", "card, place or target", "scenarios", "where", "what it shows (minutes)")


def write_markdown(rows: pd.DataFrame) -> str:
    """Return the rows (`sim.measures.systems.join_rows`) as a Markdown table in English."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for row in rows.itertuples():
        cells = (
            row.number,
            row.words,
            _code(row.represented_by),
            _code(row.scenarios),
            _code(row.files),
            str(row.shows_en) + (" **(does not work yet)**" if row.works == "no" else ""),
        )
        lines.append(f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |")
    return "\n".join(lines)


def put_into_page(page: Path, table: str) -> None:
    """Put the table into a page, in the place of what stands between `BEGIN` and `END`.

    Raises
    ------
    InputError: the page lacks the two lines.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"{page}: needs a line {BEGIN} and after it a line {END}")
    page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def _code(ids: str) -> str:
    """Return ids that are joined by ";" as code, a dash where there are none."""
    return ", ".join(f"`{name}`" for name in ids.split(";")) if ids else "-"
