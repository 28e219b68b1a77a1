"""Each folder in tests/bad_inputs is a good study with something wrong laid over it, and what must then be said.

<case>/expected.txt    one line per problem, in order
<case>/...             files laid over a copy of scenarios/tutorial (study/...) and networks/line5 (network/...);
                       an empty file named X.delete takes X away
"""

import shutil
from pathlib import Path

import pytest

from sim.cli import main

CASES = sorted(path for path in (Path(__file__).parent / "bad_inputs").iterdir() if path.is_dir())


def test_there_are_cases():
    assert len(CASES) >= 12


def lay_over(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_dir():
            continue
        place = target / path.relative_to(source)
        if path.suffix == ".delete":
            place.with_suffix("").unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_bad_input_is_refused_with_every_problem_and_nothing_written(case, tutorial_copy, tmp_path, capsys):
    lay_over(case / "study", tutorial_copy)
    lay_over(case / "network", tmp_path / "networks" / "line5")
    expected = (case / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert expected
    before = sorted(tmp_path.rglob("*"))
    assert main(["run", str(tutorial_copy), "--outputs", str(tmp_path / "outputs")]) == 2
    said = [line.strip().removeprefix("- ") for line in capsys.readouterr().err.splitlines() if line.startswith("  - ")]
    assert [line.replace(str(tmp_path), "TMP") for line in said] == expected
    assert sorted(tmp_path.rglob("*")) == before


def test_the_study_the_cases_are_laid_over_is_good(tutorial_copy):
    assert main(["check", str(tutorial_copy)]) == 0
