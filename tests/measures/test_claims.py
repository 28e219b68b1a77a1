"""Claims beside the model on networks/line5, whose README works every answer: a to e, 140 km, 52 min by the fastest train."""

import pandas as pd
import pytest

import sim
from sim.cli import main
from sim.errors import InputError
from sim.measures.claims import (
    CLAIM_COLUMNS,
    DELIVERY_COLUMNS,
    audit_claims,
    check_claims,
    compare_deliveries,
    least_rail_minutes,
    median_ratio,
    read_claims,
    read_deliveries,
)
from sim.scenario.project import read_projects

NON_STOP_MIN = ((140_000 - 5_000) / 50 + 200) / 60  # 48.33: 50 m/s, 100 s and 2.5 km to reach it and to brake
FASTEST_MIN = 52  # calls at c
TYPICAL_MIN = (34 * 52 + 17 * (53 + 1 / 3 + 6)) / 51 + 10
DOOR_MIN = 15 + TYPICAL_MIN + 5

CLAIM = {
    "claim_id": "x",
    "from_place": "a",
    "to_place": "e",
    "from_station": "a",
    "to_station": "e",
    "mode": "rail",
    "bound": "about",
    "ends": "stations",
    "stopping": "fastest",
    "year": "2026",
    "kind": "projection",
    "source": "invented",
    "date": "2026",
    "confidence": "high",
}
DELIVERY = dict.fromkeys(DELIVERY_COLUMNS, "x") | {"comparable": "yes", "confidence": "high", "delivered_high_min": ""}


@pytest.fixture(scope="module")
def study(repository):
    return sim.read_study(repository / "scenarios" / "tutorial")


def write(path, rows, columns):
    full = [
        dict.fromkeys(columns, "") | row | {columns[0]: row.get(columns[0], f"row{k}")} for k, row in enumerate(rows)
    ]
    pd.DataFrame(full).to_csv(path, index=False)
    return path


def deliveries_of(tmp_path, *pairs):
    rows = [
        DELIVERY | {"delivery_id": f"d{k}", "claimed_min": claimed, "delivered_min": low, "delivered_high_min": high}
        for k, (claimed, low, high) in enumerate(pairs)
    ]
    return read_deliveries(write(tmp_path / "deliveries.csv", rows, DELIVERY_COLUMNS))


def audit(study, tmp_path, *changes):
    rows = [
        CLAIM | {"claim_id": f"c{k}"} | {key: str(value) for key, value in change.items()}
        for k, change in enumerate(changes)
    ]
    claims = read_claims(write(tmp_path / "claims.csv", rows, CLAIM_COLUMNS))
    asked = []

    def model_of(year, projects):
        asked.append((year, projects))
        return study.model(study.variant("base", add=projects, year=year))

    result = audit_claims(claims, deliveries_of(tmp_path, (10, 14, "")), model_of, study.region)
    assert len(asked) == len(set(asked))
    return result


@pytest.mark.parametrize(
    ("change", "verdict", "difference_min"),
    [
        ({"claimed_min": 52}, "consistent", 0),
        ({"claimed_min": 49.5}, "consistent", -2.5),  # within 3 min
        ({"claimed_min": 48.5}, "optimistic", -3.5),
        ({"claimed_min": 48}, "impossible", -4),  # below the train that stops nowhere
        ({"claimed_min": 60}, "pessimistic", 8),
        ({"claimed_min": 60, "bound": "at_most"}, "consistent", 0),
        ({"claimed_min": 48.5, "bound": "at_most"}, "optimistic", -3.5),
        ({"claimed_min": 40, "claimed_high_min": 55}, "consistent", 0),
        ({"claimed_min": 40, "claimed_high_min": 45}, "impossible", -7),
        ({"claimed_min": 40, "ends": "other_stations"}, "optimistic", -12),
        ({"claimed_min": 52, "stopping": "typical"}, "optimistic", 52 - TYPICAL_MIN),
        ({"claimed_min": 52, "ends": "not_stated", "stopping": "not_stated"}, "consistent", 0),
        ({"claimed_min": 52, "ends": "centres"}, "optimistic", 52 - DOOR_MIN),
    ],
)
def test_a_train_is_compared_with_what_the_claim_means(study, tmp_path, change, verdict, difference_min):
    row = audit(study, tmp_path, change).iloc[0]
    assert row["verdict"] == verdict
    assert row["difference_min"] == pytest.approx(difference_min, abs=0.02)
    readings = ("fastest_min", "typical_min", "door_to_door_min", "least_possible_min")
    assert list(row[list(readings)]) == pytest.approx([FASTEST_MIN, TYPICAL_MIN, DOOR_MIN, NON_STOP_MIN], abs=0.02)


def test_an_impossible_claim_says_why(study, tmp_path):
    road = {"mode": "road", "to_place": "b", "claimed_min": 8}  # 20 km of lanes, 52 min
    found = audit(
        study,
        tmp_path,
        {"claimed_min": 48},
        road | {"length_km": 20},
        road | {"length_km": ""},
        road | {"claimed_min": 52},
    )
    assert list(found["verdict"]) == ["impossible", "impossible", "impossible", "consistent"]
    assert found["why"][0].startswith("below the technical running time of 48.3 min")
    assert found["why"][1] == "20 km in 8 min need 150 km/h; the limit is 120, so at least 10 min"
    assert found["why"][2].startswith("20 km in 8 min")  # the straight distance
    assert found.loc[3, ["fastest_min", "typical_min"]].isna().all()


def test_a_claim_is_judged_on_the_network_of_its_year_and_projects(study, tmp_path):
    found = audit(study, tmp_path, {"claimed_min": 52, "year": 2012}, {"claimed_min": 49, "projects": "direct"})
    # only the local of 59.33 min ran in 2012; the project brings a train that stops nowhere
    assert list(found["fastest_min"]) == pytest.approx([53 + 1 / 3 + 6, NON_STOP_MIN], abs=0.02)
    assert list(found["verdict"]) == ["optimistic", "consistent"]
    assert list(found["projects"]) == ["", "direct"]


def test_without_a_train_nothing_is_compared(study, tmp_path):
    found = audit(study, tmp_path, {"claimed_min": 52, "from_station": "planned"})
    assert found["verdict"][0] == "not compared"


def test_projections_are_shown_at_the_median_of_what_was_delivered(study, tmp_path):
    found = audit(study, tmp_path, {"claimed_min": 50}, {"claimed_min": 50, "kind": "opened"})
    assert found["at_median_delivery_min"][0] == pytest.approx(50 * 14 / 10)
    assert pd.isna(found["at_median_delivery_min"][1])


def test_the_ratio_is_delivered_over_claimed_in_the_middle_of_its_range(tmp_path):
    deliveries = deliveries_of(tmp_path, (60, 85, 87), (90, 100, ""), (40, 55, ""))
    assert list(compare_deliveries(deliveries)["ratio"]) == pytest.approx([86 / 60, 100 / 90, 55 / 40])
    assert median_ratio(deliveries) == pytest.approx(55 / 40)


def test_the_least_is_that_of_a_train_that_serves_both(study):
    network = study.network_of("base")
    assert least_rail_minutes(network, "a", "e") == pytest.approx(NON_STOP_MIN, abs=0.01)
    assert least_rail_minutes(network, "e", "a") == pytest.approx(NON_STOP_MIN, abs=0.01)
    assert pd.isna(least_rail_minutes(network, "a", "nowhere"))


def test_everything_wrong_with_a_file_is_said_at_once(tmp_path):
    rows = [
        CLAIM | {"claim_id": "one", "claimed_min": "fast", "mode": "rial", "source": ""},
        CLAIM | {"claim_id": "one", "claimed_min": "-3", "year": ""},
    ]
    with pytest.raises(InputError) as error:
        read_claims(write(tmp_path / "claims.csv", rows, CLAIM_COLUMNS))
    assert set(error.value.problems) == {
        "claims.csv row 2: mode: 'rial' is not one of rail, road (did you mean 'rail'?)",
        "claims.csv row 2: claimed_min: 'fast' is not a number above 0",
        "claims.csv row 3: claimed_min: '-3' is not a number above 0",
        "claims.csv row 3: year: '' is not a number above 0",
        "claims.csv row 2: source is empty; every claim has a source and a date",
        "claims.csv row 3: claim_id 'one' stands twice",
    }


def test_a_missing_file_or_column_is_named(tmp_path):
    with pytest.raises(InputError, match="file is missing"):
        read_claims(tmp_path / "claims.csv")
    pd.DataFrame(columns=[*CLAIM_COLUMNS[:-1], "notes"]).to_csv(tmp_path / "claims.csv", index=False)
    with pytest.raises(InputError) as error:
        read_claims(tmp_path / "claims.csv")
    assert error.value.problems == [
        "claims.csv: column 'note' is missing (did you mean 'notes'?)",
        "claims.csv: unknown column 'notes' (did you mean 'note'?)",
    ]


def test_unknown_names_are_said_with_what_was_probably_meant(study, tmp_path):
    rows = [
        CLAIM | {"claim_id": "one", "claimed_min": "50", "from_station": "aa", "projects": "dierct"},
        CLAIM | {"claim_id": "two", "claimed_min": "50", "mode": "road", "to_place": ""},
    ]
    claims = read_claims(write(tmp_path / "claims.csv", rows, CLAIM_COLUMNS))
    found = check_claims(claims, study.region, {"a", "e"}, study.projects)
    assert len(found) == 3
    assert found[0].startswith("claims.csv row 2: from_station: no station 'aa'")
    assert found[1] == "claims.csv row 2: projects: no project 'dierct' (did you mean 'direct'?)"
    assert found[2] == "claims.csv row 3: to_place is empty, but mode is road"


def test_the_command_writes_both_tables(tmp_path, monkeypatch, repository, capsys):
    write(tmp_path / "claims.csv", [CLAIM | {"claimed_min": "48"}], CLAIM_COLUMNS)
    deliveries_of(tmp_path, (10, 14, ""))
    monkeypatch.chdir(repository)
    status = main(["claims", "tutorial", "--observed", str(tmp_path), "--outputs", str(tmp_path / "outputs")])
    assert status == 0
    folder = tmp_path / "outputs" / "tutorial" / "comparison"
    assert list(pd.read_csv(folder / "claims.csv")["verdict"]) == ["impossible"]
    assert list(pd.read_csv(folder / "deliveries.csv")["ratio"]) == [1.4]
    assert "1 impossible" in capsys.readouterr().out


def test_the_shipped_claims_name_what_there_is(repository):
    study = sim.read_study(repository / "scenarios" / "circles")
    claims = read_claims(repository / "data" / "observed" / "claims.csv")
    projects = read_projects(repository / "scenarios" / "circles" / "projects")
    stations = set(study.network.stations["station_id"])
    stations |= {c.key for p in projects.values() for c in p.changes if c.table == "stations"}
    assert len(claims) > 40
    assert check_claims(claims, study.region, stations, projects) == []
    assert len(read_deliveries(repository / "data" / "observed" / "deliveries.csv")) == 5
