"""Run the circles study. Copy this file, change what you like, and run it: python scenarios/circles/run.py."""

from pathlib import Path

import sim

study = sim.read_study(Path(__file__).parent)

for scenario_id in study.scenarios:
    result = study.run(scenario_id)  # the whole model of one scenario: a Result that holds tables and surfaces
    sim.write_result(result, Path("outputs"))  # tables, surfaces, polygons and maps in outputs/circles/<scenario>/
    print(f"\n{scenario_id}: {result.scenario.name}")
    print(result.targets.round(1).to_string(index=False))

# Some questions a planner asks next:
plan = study.run("plan_2027")
print(plan.route("ningbo", "shanghai"))  # leg by leg
print(plan.reach.query("place == 'ningbo' and mode == 'best'"))  # people within each cut-off
