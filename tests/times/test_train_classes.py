"""The shipped train classes against published accelerations and running times."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.times.speed_profile import Section, TrainClass, speed_profile, technical_minutes

TABLE = Path(__file__).resolve().parents[2] / "networks" / "yrd" / "train_classes.csv"

pytestmark = pytest.mark.real


def shipped(train_class: str) -> TrainClass:
    return TrainClass.from_table(pd.read_csv(TABLE), train_class)


def test_a_crh380_reaches_300_as_published() -> None:
    # About 285 s and 15 km for the empty eight-car unit on level track; with its passengers, 10 % heavier, a little more.
    profile = speed_profile(shipped("CRH380"), [Section(60.0, 300.0)], step_m=10.0)
    reached = int(np.argmax(profile.speed_kmh >= 299.99))
    assert 285.0 <= profile.time_s[reached] <= 1.1 * 285.0
    assert 15_000.0 <= profile.distance_m[reached] <= 1.1 * 15_000.0


def test_beijing_south_to_langfang_takes_about_what_a_published_simulation_says() -> None:
    # 59.5 km in 16.53 min at full power; here with 1.5 km at 80 km/h at both ends, limit 300.
    sections = [Section(1.5, 80.0), Section(56.5, 300.0), Section(1.5, 80.0)]
    assert technical_minutes(shipped("CRH380"), sections) == pytest.approx(16.53, abs=0.7)


def test_a_crh6f_reaches_100_nearly_as_fast_as_its_maker_says() -> None:
    profile = speed_profile(shipped("CRH6F"), [Section(20.0, 160.0)], step_m=5.0)
    reached = int(np.argmax(profile.speed_kmh >= 100.0))
    assert 42.0 <= profile.time_s[reached] <= 1.2 * 42.0  # the maker's 42 s are those of an emptier train


def test_every_class_can_hold_its_top_speed() -> None:
    names = list(pd.read_csv(TABLE)["train_class"])
    assert len(names) >= 7
    for name in names:
        train = shipped(name)
        profile = speed_profile(train, [Section(200.0, train.max_speed_kmh)])
        assert profile.speed_kmh.max() == pytest.approx(train.max_speed_kmh, abs=1e-6), name
