"""Draw the four pictures of the README from the main study: python scenarios/circles/gallery.py."""

from pathlib import Path

import sim
from sim.present.chart_sheet import ChartText
from sim.present.figures import save_small_picture
from sim.present.leg_charts import draw_door_to_door_bars, list_door_to_door_legs

FOLDER = Path(__file__).parent
TEXT = ChartText(
    title="沪甬之间：时间花在哪里",
    title_en="Shanghai-Ningbo: where the minutes go",
    subtitle="四种口径，三个情景",
    subtitle_en="four readings, three scenarios",
    note="中心到中心：市政府之间；门到门：95%的人口对在此时间内。",
    note_en="Centre to centre: between municipal governments; door to door: 95 % of pairs of people are within it.",
)


def main() -> None:
    """Run four scenarios and write gallery/*.png."""
    study = sim.read_study(FOLDER)
    pictures = FOLDER / "gallery"
    before, first, second, everything = (
        study.run(name) for name in ("do_minimum_2025", "plan_2027", "plan_2028", "all_2035")
    )
    legs = list_door_to_door_legs([before, first, everything], "ningbo", "shanghai", target="huyong_1h")
    figures = {
        "isochrones": sim.maps.draw_isochrones(second, "ningbo", view="near"),
        "difference": sim.maps.draw_difference(before, everything, "ningbo"),
        "network": sim.maps.draw_network(
            study.network_of("do_minimum_2025"), study.projects, study.region, year=before.scenario.year
        ),
        "legs": draw_door_to_door_bars(legs, text=TEXT),
    }
    for name, figure in figures.items():
        save_small_picture(figure, pictures / f"{name}.png")


if __name__ == "__main__":
    main()
