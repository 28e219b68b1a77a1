"""Stage 7: the tables of a comparison, outputs/<study>/comparison/; each file is replaced whole or not at all."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.present.outputs import write_table

__all__ = ["write_comparison_tables"]


def write_comparison_tables(outputs: Path, study_id: str, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write tables by file name beside those that other comparisons have written, and return where they are."""
    folder = outputs / study_id / "comparison"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".tables-", dir=folder) as temporary:
        for name, table in tables.items():
            write_table(table, Path(temporary) / name)
        return [(Path(temporary) / name).replace(folder / name) for name in tables]
