"""Stage 5d, continued: the files of a comparison of two scenarios, written whole or not at all."""

import json
from pathlib import Path

from sim.files import whole_folder
from sim.measures.compare import Comparison
from sim.measures.difference import CHANGE_CLASSES, OUTSIDE
from sim.present.outputs import write_table
from sim.present.rasters import Colour, write_classes, write_minutes

__all__ = ["DIFFERENCES", "write_comparison"]

DIFFERENCES = "differences"
TABLES = ("people_by_saving", "reach", "counties", "cities", "city_times", "station_times", "targets")

CLASS_COLOURS: dict[int, Colour] = {
    0: (225, 225, 225, 255),
    1: (120, 180, 220, 255),
    2: (240, 170, 110, 255),
    3: (20, 90, 160, 255),
    4: (190, 50, 30, 255),
}
"""Grey unchanged; blue better and orange worse, told apart in colour blindness too; the dark ones newly reached and lost."""


def write_comparison(comparison: Comparison, outputs: "Path | str") -> Path:
    """Write everything a comparison publishes and return its folder.

    outputs/<study>/comparison/differences/<base>--<other>/; one of an earlier comparison is replaced when the new is complete.
    """
    name = f"{comparison.base.scenario_id}--{comparison.other.scenario_id}"
    target = Path(outputs) / comparison.study_id / "comparison" / DIFFERENCES / name
    with whole_folder(target) as folder:
        for table in TABLES:
            write_table(getattr(comparison, table), folder / f"{table}.csv")
        for place_id, saved in comparison.saved.items():
            write_minutes(folder / f"saved_{place_id}.tif", comparison.grid, vars(saved), _tags(comparison))
            classes, names = comparison.changes[place_id], dict(enumerate(CHANGE_CLASSES))
            path = folder / f"change_{place_id}.tif"
            write_classes(path, comparison.grid, classes, names, CLASS_COLOURS, OUTSIDE)
        for place_id, areas in comparison.areas.items():
            areas.to_file(folder / "areas.gpkg", layer=place_id, driver="GPKG")
        description = json.dumps(_describe(comparison), ensure_ascii=False, indent=2, default=str)
        (folder / "comparison.json").write_text(f"{description}\n", encoding="utf-8")
    return target


def _tags(comparison: Comparison) -> dict[str, str]:
    return {
        "base": comparison.base.scenario_id,
        "other": comparison.other.scenario_id,
        "sign": "minutes saved, positive is faster in the other",
    }


def _describe(comparison: Comparison) -> dict[str, object]:
    """Return what was compared and in what the two scenarios differ."""
    sides = {"base": comparison.base, "other": comparison.other}
    return {
        "study": comparison.study_id,
        **{
            side: {"scenario": s.scenario_id, "name": s.name, "name_en": s.name_en, "year": s.year}
            for side, s in sides.items()
        },
        "differ_in": comparison.gap.to_dict(),
    }
