"""The commands that a study lists for its report."""

import pytest

from sim.cli import main
from sim.commands.analyses import run_analyses
from sim.errors import InputError


class Options:
    def __init__(self, study, outputs):
        self.study, self.outputs = str(study), outputs


def listed(study, *lines):
    """Put a list of analyses on the page of a study, and return the study."""
    page = study / "study.toml"
    quoted = ", ".join(f"'{line}'" for line in lines)
    page.write_text(f"{page.read_text(encoding='utf-8')}\n[report]\nanalyses = [{quoted}]\n", encoding="utf-8")
    return study


def test_the_commands_run_in_order_with_the_study_and_its_outputs_put_in(tutorial_copy, tmp_path):
    study = listed(tutorial_copy, "indicators base --cutoff 60", 'switching base --target "end_to_end"')
    typed = []
    assert run_analyses(Options(study, tmp_path), lambda arguments: typed.append(arguments) or 0) == 0
    assert typed == [
        ["indicators", str(study), "base", "--cutoff", "60", "--outputs", str(tmp_path)],
        ["switching", str(study), "base", "--target", "end_to_end", "--outputs", str(tmp_path)],
    ]


def test_they_stop_at_the_first_that_fails(tutorial_copy, tmp_path):
    study = listed(tutorial_copy, "indicators", "claims", "indicators")
    typed = []
    assert (
        run_analyses(Options(study, tmp_path), lambda arguments: typed.append(arguments[0]) or 2 * (len(typed) == 2))
        == 2
    )
    assert typed == ["indicators", "claims"]


def test_a_line_that_is_no_analysis_is_named_and_none_is_run(tutorial_copy, tmp_path):
    study = listed(tutorial_copy, "indicators", "indicator base", "cache --clear", "")
    with pytest.raises(InputError) as caught:
        run_analyses(Options(study, tmp_path), lambda arguments: pytest.fail(f"ran {arguments}"))
    assert len(caught.value.problems) == 3
    assert "did you mean 'indicators'" in caught.value.problems[0]


def test_a_report_with_analyses_writes_their_tables(tutorial_copy, tmp_path, monkeypatch):
    study = listed(tutorial_copy, "indicators base", "switching base --target end_to_end")
    monkeypatch.chdir(study.parents[1])
    assert main(["report", str(study), "--analyses", "--outputs", str(tmp_path / "out")]) == 0
    comparison = tmp_path / "out" / "tutorial" / "comparison"
    assert {"indicators.csv", "switching_values.csv", "report.docx"} <= {path.name for path in comparison.iterdir()}
