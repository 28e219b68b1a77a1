"""Stage 5d, continued: the files of a comparison of two scenarios, written whole or not at all."""

import json
from pathlib import Path

from matplotlib.colors import to_rgba

from sim.files import whole_folder
from sim.measures.compare import Comparison
from sim.measures.difference import CHANGE_CLASSES, OUTSIDE
from sim.present.outputs import write_table
from sim.present.rasters import Colour, write_classes, write_minutes
from sim.present.style import FASTER_COLOURS, LOST_COLOUR, NEWLY_COLOUR, NO_CHANGE_COLOUR, SLOWER_COLOURS

__all__ = ["DIFFERENCES", "write_comparison"]

DIFFERENCES = "differences"
TABLES = ("people_by_saving", "reach", "counties", "cities", "city_times", "station_times", "targets")

CLASS_COLOURS = (NO_CHANGE_COLOUR, FASTER_COLOURS[2], SLOWER_COLOURS[2], NEWLY_COLOUR, LOST_COLOUR)
"""Of `CHANGE_CLASSES`, those of the difference maps."""


def write_comparison(comparison: Comparison, outputs: "Path | str") -> Path:
    """Write everything a comparison publishes and return its folder.

    outputs/<study>/comparison/differences/<base>--<other>/; one of an earlier comparison is replaced when the new is complete.
    """
    name = f"{comparison.base.scenario_id}--{comparison.other.scenario_id}"
    colours = {number: _spell_colour(colour) for number, colour in enumerate(CLASS_COLOURS)}
    target = Path(outputs) / comparison.study_id / "comparison" / DIFFERENCES / name
    with whole_folder(target) as folder:
        for table in TABLES:
            write_table(getattr(comparison, table), folder / f"{table}.csv")
        for place_id, saved in comparison.saved.items():
            write_minutes(folder / f"saved_{place_id}.tif", comparison.grid, vars(saved), _tags(comparison))
            classes, names = comparison.changes[place_id], dict(enumerate(CHANGE_CLASSES))
            path = folder / f"change_{place_id}.tif"
            write_classes(path, comparison.grid, classes, names, colours, OUTSIDE)
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


def _spell_colour(colour: str) -> Colour:
    """Return a colour as red, green, blue and opacity from 0 to 255."""
    red, green, blue, opacity = (round(255 * part) for part in to_rgba(colour))
    return red, green, blue, opacity
