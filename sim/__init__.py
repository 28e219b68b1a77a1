"""Travel-time isochrones and circle targets for Ningbo and the Yangtze River Delta, by scenario.

study = sim.read_study("scenarios/circles")
result = study.run("plan_2027")
result.targets, result.reach, result.city_times, result.route("ningbo", "shanghai")
sim.isochrones(result, "ningbo", cutoffs_min=[60, 120])
sim.write_result(result, "outputs")
"""

from importlib import import_module
from typing import Any

HOMES = {
    "Comparison": "sim.measures.compare",
    "GapRules": "sim.measures.road_gaps",
    "PeopleRules": "sim.measures.link_savings",
    "Decay": "sim.measures.decay",
    "Masses": "sim.measures.indicators",
    "InputError": "sim.errors",
    "NoRouteError": "sim.errors",
    "ScenarioError": "sim.errors",
    "SimError": "sim.errors",
    "Network": "sim.network.network",
    "Result": "sim.measures.result",
    "Study": "sim.study",
    "compare": "sim.measures.compare",
    "compare_options": "sim.commands.options",
    "contributions": "sim.commands.contributions:find_contributions",
    "find_missing_links": "sim.commands.missing_links:rank_missing_links",
    "find_savings": "sim.commands.project_savings",
    "find_switching_values": "sim.commands.switching",
    "isochrones": "sim.measures.result",
    "judge_claims": "sim.commands.claims",
    "measure_indicators": "sim.measures.indicators",
    "measure_inequality": "sim.measures.inequality",
    "parse_decay": "sim.measures.decay",
    "read_masses": "sim.measures.indicators",
    "read_network": "sim.network.network",
    "read_study": "sim.study",
    "write_comparison": "sim.present.comparison_files",
    "write_result": "sim.present.outputs",
    "write_road_card": "sim.present.road_cards",
}
MODULES = {"maps": "sim.present.maps"}

__all__ = sorted([*HOMES, *MODULES])  # noqa: PLE0605 the names are kept beside their homes
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `sim --help` does not wait for the whole model."""
    if name in HOMES:
        module, _, other_name = HOMES[name].partition(":")
        return getattr(import_module(module), other_name or name)
    if name in MODULES:
        return import_module(MODULES[name])
    raise AttributeError(f"module 'sim' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
