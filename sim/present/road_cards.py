"""Last stage, a proposed road link as a project card that a scenario can switch on."""

import json
from pathlib import Path

import numpy as np

from sim.times.proposed_links import ProposedLink

__all__ = ["road_card", "write_road_card"]

CARD = """\
# Written by sim missing-links. Everything below that is not in the file it was found in is an assumption: course, class, length
# and year. The ends join the nearest road, the nearest interchange within 3 km and the land cell they lie in.
name = {name}
name_en = {name_en}
system = "断头路、瓶颈路"
status = "studied"
opens = {{ central = {year}-12-31 }}
length_km = {km:.3f}
source = {source}
date = {date}
confidence = {confidence}
requires = []
conflicts = []
description = {description}

[[change]]
type = "add_road"
road = {link_id}
name = {name}
name_en = {name_en}
road_class = {road_class}
{speed}length_km = {km:.3f}
structure = {structure}
both_directions = "yes"
points = [
  {{ lon = {start[0]:.6f}, lat = {start[1]:.6f}, joins = true, name = "" }},
  {{ lon = {end[0]:.6f}, lat = {end[1]:.6f}, joins = true, name = "" }},
]
"""


def road_card(link: ProposedLink, *, year: int) -> str:
    """Return the text of a project card that adds a link.

    Parameters
    ----------
    year : at the end of which it opens, where the link has no year of its own.
    """
    words = ("name", "name_en", "source", "confidence", "link_id", "road_class", "structure")
    # A JSON string is a TOML string.
    quoted = {word: json.dumps(getattr(link, word), ensure_ascii=False) for word in words}
    description = f"{link.gap_km:.1f} km straight, length factor {link.length_factor:g}"
    return CARD.format(
        **quoted,
        date=json.dumps(link.date or "not dated"),
        description=json.dumps(description),
        year=link.opening_year or year,
        km=link.km,
        speed="" if np.isnan(link.speed_kmh) else f"speed_kmh = {link.speed_kmh:g}\n",
        start=link.start,
        end=link.end,
    )


def write_road_card(link: ProposedLink, path: "Path | str", *, year: int) -> Path:
    """Write a link as a project card and return its path; the file name is the project's id."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(road_card(link, year=year), encoding="utf-8")
    return path
