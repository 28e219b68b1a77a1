"""Last stage, numbers on lines: a list under the map tells what each of them is."""

from collections.abc import Sequence

import numpy as np

from sim.present.base_map import Z_LABEL
from sim.present.labels import Box
from sim.present.layers import Badge
from sim.present.page import Page

__all__ = ["draw_badges"]

BADGE_PT = 5.4
BADGE_RADIUS_PT = 4.1
# Where along its line a number is tried first: the middle, then outwards.
SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.02, 0.98)
# Tried in turn: on the line, then beside it, in radii.
SHIFTS = (
    (0.0, 0.0),
    *((reach * across, reach * up) for reach in (2.2, 3.2, 4.5) for across, up in ((1, 0), (-1, 0), (0, 1), (0, -1))),
)


def draw_badges(page: Page, badges: Sequence[Badge], *, taken: Sequence[Box]) -> list[Box]:
    """Draw each number in a disc on its line, or beside it where the line has no room; returns the boxes."""
    drawn: list[Box] = []
    for badge in badges:
        spot = _find_spot(page, badge, [*taken, *drawn])
        if spot is None:
            continue
        box, anchor = spot
        drawn.append(box)
        middle = page.invert((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        foot = page.invert(*anchor)
        page.ax.plot(
            [middle[0], foot[0]], [middle[1], foot[1]], color=badge.colour, linewidth=0.6, zorder=Z_LABEL + 0.1,
            scalex=False, scaley=False, gid="badge-leader",
        )  # fmt: skip
        page.ax.plot(
            *middle, marker="o", markersize=2 * BADGE_RADIUS_PT - 0.6, markerfacecolor="white",
            markeredgecolor=badge.colour, markeredgewidth=0.9, zorder=Z_LABEL + 0.2, scalex=False, scaley=False,
            gid="badge",
        )  # fmt: skip
        page.ax.annotate(
            badge.number, middle, fontsize=BADGE_PT, fontweight="bold", color=badge.colour, ha="center",
            va="center_baseline", zorder=Z_LABEL + 0.3, annotation_clip=False, gid="badge-number",
        )  # fmt: skip
    return drawn


def _find_spot(page: Page, badge: Badge, taken: Sequence[Box]) -> tuple[Box, tuple[float, float]] | None:
    points = page.sample(badge.line_m)
    inside = points[
        (points[:, 0] > 8.0)
        & (points[:, 0] < page.frame.right - 8.0)
        & (points[:, 1] > 8.0)
        & (points[:, 1] < page.frame.top - 8.0)
    ]
    if not len(inside):
        return None
    radius = BADGE_RADIUS_PT + 0.4
    for across, up in SHIFTS:
        for share in SHARES:
            x_pt, y_pt = inside[int(np.floor(share * (len(inside) - 1)))]
            middle = (float(x_pt) + across * radius, float(y_pt) + up * radius)
            box = Box(middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
            if box.inside(page.frame) and not any(box.overlaps(other) for other in taken):
                return box, (float(x_pt), float(y_pt))
    return None
