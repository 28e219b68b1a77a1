"""What a route says of its legs."""

import shutil

import pytest

import sim

STUDY = """
title = "两岸"
title_en = "two banks"
network = "grid"
city_set = "all"
places = ["a"]

[scenarios.ferry]
name = "渡轮"
name_en = "by ferry"
year = 2005
"""


@pytest.mark.parametrize(("vehicles", "is_said"), [("yes", False), ("no", True)])
def test_a_route_by_car_over_a_boat_without_cars_says_that_one_is_assumed_at_both_ends(
    repository, tmp_path, vehicles, is_said
):
    shutil.copytree(repository / "networks" / "grid", tmp_path / "networks" / "grid")
    ferries = tmp_path / "networks" / "grid" / "ferries.csv"
    text = ferries.read_text(encoding="utf-8")
    assert text.count(",5,yes,") == 1
    ferries.write_text(text.replace(",5,yes,", f",5,{vehicles},"), encoding="utf-8")
    folder = tmp_path / "scenarios" / "banks"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    route = sim.read_study(folder).find_route("ferry", "a", "b")
    # The minutes are the same: boarding 5, half of 1,020 minutes by 17 sailings 30, 10 on board.
    assert "45 min 含候船 with boarding and wait" in route.legs[0].by
    assert ("without cars: one is assumed at both ends" in route.legs[0].by) == is_said
