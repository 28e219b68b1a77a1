"""What tests share: the repository's folders, and studies built in a temporary folder."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sim

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep road minutes in a temporary folder, so that tests neither use nor fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def line5() -> sim.Network:
    return sim.read_network(REPOSITORY / "networks" / "line5")


@pytest.fixture
def tutorial_copy(tmp_path: Path) -> Path:
    """A copy of the tutorial study and its network that a test may change."""
    shutil.copytree(REPOSITORY / "networks" / "line5", tmp_path / "networks" / "line5")
    shutil.copytree(REPOSITORY / "scenarios" / "tutorial", tmp_path / "scenarios" / "tutorial")
    return tmp_path / "scenarios" / "tutorial"


@pytest.fixture
def write_card(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a project card with the given [[change]] text; its other keys are filled in."""

    def write(project_id: str, changes: str, head: str = "") -> Path:
        path = tmp_path / f"{project_id}.toml"
        path.write_text(
            f'name = "{project_id}"\nname_en = "{project_id}"\nstatus = "planned"\nopens = {{ central = 2030-12-31 }}\n'
            f'source = "test"\ndate = "2026"\nconfidence = "high"\n{head}\n{changes}',
            encoding="utf-8",
        )
        return path

    return write
