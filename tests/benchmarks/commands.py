"""The program as its user meets it: how long `sim --help` and `sim run` of one changed rail scenario take."""

import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

HELP_GOAL_S, RUN_GOAL_S = 2.0, 5.0
TRAINS = re.compile(r"^trains_per_day = (\d+)$", re.MULTILINE)


class Call(NamedTuple):
    """Seconds by the clock, seconds of processor time of all processes, and the most memory one of them held, GB."""

    wall_s: float
    cpu_s: float
    peak_gb: float


def measure_commands(study, scenario_id, project_id, rounds):
    """Print `sim --help`, and `sim run` of a scenario after the trains a day of one of its projects were edited."""
    calls = [call("--help") for _ in range(3)]
    print_call("sim --help", min(calls), HELP_GOAL_S)
    with TemporaryDirectory() as folder:
        copy = copy_study(study, Path(folder))
        card = copy / "projects" / f"{project_id}.toml"
        run = ("run", str(copy), scenario_id, "--outputs", f"{folder}/outputs")
        call(*run, "--no-maps")  # what the first run of all has to do is not measured: kernels and road minutes
        calls = []
        for _ in range(rounds):
            add_a_train(card)
            calls.append(call(*run, "--no-maps"))
        print_call(f"sim run {scenario_id} --no-maps, one number of {project_id} changed, warm", min(calls), RUN_GOAL_S)
        add_a_train(card)
        print_call(f"sim run {scenario_id}, the same with its maps", call(*run), None)


def copy_study(study, folder):
    """Return a copy of the study's folder, with the networks and data of the original beside it."""
    (folder / "networks").symlink_to(study.network.folder.resolve().parent)
    copy = folder / "scenarios" / study.study_id
    shutil.copytree(study.folder, copy, ignore=shutil.ignore_patterns("gallery"))
    return copy


def add_a_train(card):
    """Write the first number of trains a day in a project's card one higher."""
    text = card.read_text(encoding="utf-8")
    changed = TRAINS.sub(lambda found: f"trains_per_day = {int(found[1]) + 1}", text, count=1)
    if changed == text:
        raise SystemExit(f"{card.name} has no trains_per_day to change")
    card.write_text(changed, encoding="utf-8")


def call(*arguments):
    """Run the program in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "sim", *arguments], check=False, capture_output=True, text=True)
    wall_s = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"sim {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Call(wall_s, cpu_s, after.ru_maxrss * 1024 / 1e9)


def print_call(what, found, goal_s):
    verdict = "" if goal_s is None else f"   goal {goal_s:g} s: {'met' if found.wall_s <= goal_s else 'NOT met'}"
    print(f"{what}: {found.wall_s:.2f} s ({found.cpu_s:.2f} s of processor time){verdict}", flush=True)
