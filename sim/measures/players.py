"""Stage 4h, the front: which projects stand together as one player, and what is built when some players are on.

Precedence. A project whose requirement is off cannot be built: in a coalition it has no effect, and the coalition is worth
what the rest of it is worth. This is the game with a permission structure, in which every requirement must consent
(Gilles, Owen and van den Brink 1992); its Shapley value shares what a project brings equally among it and what it
requires. Faigle and Kern (1992) average only over orders in which requirements come first, which credits all of it to
the project that comes last. The first is what is asked here - of a bridge and the railway over it, what is each needed
for? - and the second is given beside it (`sim.measures.shapley.precedence_values`).

Companions. A card that costs nothing and requires others stands for trains over lines that others build. It is no player:
the trains run as soon as all that they require is on, so that two lines are complements when trains use both. When some
projects of a scenario are asked for by name, the trains of that scenario over them come along.

Conflicts. Two projects that exclude each other cannot share in what all bring together, as all of them cannot be built.
They are options to be compared (`sim.measures.options`), and an error here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sim.errors import InputError, ScenarioError, did_you_mean
from sim.scenario.project import Project

__all__ = ["Player", "Players", "choose_players", "join_players", "join_systems", "keep_buildable", "with_companions"]

OTHERS = "others"


@dataclass(frozen=True)
class Player:
    """One or several projects that are on or off together."""

    player_id: str
    projects: tuple[str, ...]


@dataclass(frozen=True)
class Players:
    """The players of a game over a base, and what follows from who is in.

    Attributes
    ----------
    companions : projects that are on as soon as all they require is.
    base : projects that are on whoever is in.
    requires : of each project, what it requires.
    by_hand : players that the user grouped; these stay as they are.
    """

    players: tuple[Player, ...]
    companions: tuple[str, ...]
    base: frozenset[str]
    requires: Mapping[str, tuple[str, ...]]
    by_hand: frozenset[str] = frozenset()

    @property
    def ids(self) -> list[str]:
        """Return the ids of the players, in their order."""
        return [player.player_id for player in self.players]

    def built(self, coalition: Collection[str]) -> frozenset[str]:
        """Return the projects that are built when these players are in, besides those of the base.

        Left out is what requires a project that is off, and what requires that; companions come with what they require.
        """
        chosen = {p for player in self.players if player.player_id in coalition for p in player.projects}
        return keep_buildable(chosen | set(self.companions), self.requires, base=self.base)

    def required_by(self, number: int) -> int:
        """Return the players that hold what a player requires, directly or not, as the number of a coalition."""
        owner = {project: k for k, player in enumerate(self.players) for project in player.projects}
        open_, needed = list(self.players[number].projects), set[str]()
        while open_:
            for project in self.requires.get(open_.pop(), ()):
                if project not in needed:
                    needed.add(project)
                    open_.append(project)
        holders = {owner[project] for project in needed if project in owner} - {number}
        return sum(1 << holder for holder in holders)


def choose_players(
    projects: Mapping[str, Project],
    chosen: Collection[str],
    *,
    base: Collection[str] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Players:
    """Return the players that some projects make: one each, or as grouped by hand, trains over lines of others apart.

    Parameters
    ----------
    projects : all cards of the study.
    chosen : projects whose contribution is asked for; all of them together are built with the base.
    base : projects that are on whoever is in; one that requires a chosen project is a companion instead.
    groups : by name of a player the projects that are one player.

    Raises
    ------
    InputError: an unknown project, a project in two groups, a group of a project that is not chosen, or none chosen.
    ScenarioError: chosen projects conflict, or require one that is neither chosen nor in the base.
    """
    grouped = dict(groups or {})
    _check_names(projects, chosen, base, grouped)
    _check_company(projects, set(chosen), set(base))
    by_hand = {project for members in grouped.values() for project in members}
    requires = {project_id: project.card.requires for project_id, project in projects.items()}
    ground = keep_buildable(base, requires)
    trains = {p for p in chosen if p not in by_hand and _runs_over_others(projects[p])}
    companions = tuple(sorted(trains | (set(base) - ground)))
    players = [Player(name, tuple(members)) for name, members in grouped.items()]
    players += [Player(p, (p,)) for p in sorted(chosen) if p not in by_hand and p not in companions]
    if not players:
        raise InputError("there is no project whose contribution could be measured: none is on beyond the base")
    return Players(tuple(players), companions, ground, requires, frozenset(grouped))


def with_companions(
    projects: Mapping[str, Project], chosen: Collection[str], base: Collection[str], candidates: Collection[str]
) -> set[str]:
    """Return chosen projects and those of the candidates that are trains over these or the base, and need nothing else."""
    found, grows = set(chosen), True
    while grows:
        there = found | set(base)
        more = {
            candidate
            for candidate in set(candidates) - there
            if _runs_over_others(projects[candidate]) and set(projects[candidate].card.requires) <= there
        }
        found, grows = found | more, bool(more)
    return found


def keep_buildable(
    chosen: Collection[str], requires: Mapping[str, Collection[str]], *, base: Collection[str] = ()
) -> frozenset[str]:
    """Return the chosen projects without those that require one that is off, and those that require these.

    >>> sorted(keep_buildable({"trains", "line", "spur"}, {"line": [], "trains": ["line", "hub"], "spur": ["trains"]}))
    ['line']
    """
    standing, below = set(chosen), set(base)
    while lacking := {project for project in standing if not set(requires[project]) <= standing | below}:
        standing -= lacking
    return frozenset(standing)


def join_systems(players: Players, projects: Mapping[str, Project]) -> Players:
    """Return fewer players: projects of one `system` are one; players grouped by hand stay as they are."""
    parts: dict[str, list[str]] = {}
    kept = [player for player in players.players if player.player_id in players.by_hand]
    for player in players.players:
        if player.player_id not in players.by_hand:
            for project in player.projects:
                parts.setdefault(projects[project].card.system or project, []).append(project)
    joined = [Player("+".join(members), tuple(members)) for members in parts.values()]
    return _with(players, [*kept, *joined])


def join_players(players: Players, player_ids: Collection[str], name: str = OTHERS) -> Players:
    """Return fewer players: those named are one."""
    left = [player for player in players.players if player.player_id not in player_ids]
    members = tuple(p for player in players.players if player.player_id in player_ids for p in player.projects)
    return _with(players, [*left, Player(name, members)])


def _with(players: Players, chosen: Sequence[Player]) -> Players:
    return replace(players, players=tuple(chosen))


def _runs_over_others(project: Project) -> bool:
    """Tell whether a card stands for trains over what others build: it requires them and costs nothing itself."""
    return bool(project.card.requires) and project.card.cost_100m_cny == 0


def _check_names(
    projects: Mapping[str, Project],
    chosen: Collection[str],
    base: Collection[str],
    groups: Mapping[str, Sequence[str]],
) -> None:
    problems = [
        f"no project '{project}'{did_you_mean(project, projects)}"
        for project in dict.fromkeys([*chosen, *base, *(p for members in groups.values() for p in members)])
        if project not in projects
    ]
    owner: dict[str, str] = {}
    for name, members in groups.items():
        for project in members:
            if project in projects and project not in chosen:
                problems.append(f"group '{name}': '{project}' is not among the projects to compare")
            if owner.setdefault(project, name) != name:
                problems.append(f"project '{project}' is in two groups, '{owner[project]}' and '{name}'")
        if not members:
            problems.append(f"group '{name}' has no projects")
    if problems:
        raise InputError(problems)


def _check_company(projects: Mapping[str, Project], chosen: set[str], base: set[str]) -> None:
    on = chosen | base
    problems = []
    for project in sorted(on):
        card = projects[project].card
        problems += [
            f"'{project}' and '{other}' conflict: they are alternatives and cannot share in what both bring together; "
            "leave one out, or compare them with `sim options`"
            for other in card.conflicts
            if other in on and (project < other or project not in projects[other].card.conflicts)
        ]
        problems += [
            f"'{project}' requires '{other}', which is neither among the projects to compare nor in the base"
            for other in card.requires
            if other not in on
        ]
    if problems:
        raise ScenarioError(problems)
