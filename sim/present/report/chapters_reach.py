"""Stage 5e: the chapter on isochrones: maps, people and area by band, and who gains and loses where."""

import numpy as np
import pandas as pd

from sim.measures.compare import compare
from sim.measures.difference import FELT_MIN
from sim.present.report.chapters_verdict import figures_of
from sim.present.report.data import ReportData
from sim.present.report.document import Block, Column, Heading, Paragraph, Sheet, Table
from sim.present.report.findings import name_place, name_scenario, name_year
from sim.present.report.published import PEOPLE_UNIT
from sim.present.report.sentences import Sentences

__all__ = ["write_reach"]

MOST, LEAST = 8, 4
"""Counties at either end of the order of minutes saved that the text shows."""


def write_reach(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return the isochrone maps, people and area by band in every scenario, and winners and losers."""
    return [
        Heading(sentences.say("chapter.reach")),
        Paragraph(sentences.say("reach.caveat"), "note"),
        Heading(sentences.say("section.maps"), 2),
        *figures_of(data, sentences, "isochrones", "side_by_side", "small_multiples", "close_ups"),
        Heading(sentences.say("section.bands"), 2),
        *figures_of(data, sentences, "cumulative"),
        _bands_table(data, sentences),
        *_comparison(data, sentences),
    ]


def _comparison(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return what differs between the base and the last scenario, and for whom; nothing where they are one."""
    if data.base_id == data.full_id:
        return []
    return [
        Heading(sentences.say("section.differences"), 2),
        *_difference_sentences(data, sentences),
        *figures_of(data, sentences, "differences", "newly_reached"),
        Heading(sentences.say("section.winners"), 2),
        *_winners(data, sentences),
    ]


def _bands_table(data: ReportData, sentences: Sentences) -> Table:
    """Return reach by place, cut-off and scenario, with the change against the base."""
    base = data.result(data.base_id).reach.set_index(["place", "cutoff_min", "mode"])
    parts = []
    for result in data.results:
        reach = result.reach[result.reach["mode"] == "best"]
        keys = list(zip(reach["place"], reach["cutoff_min"], reach["mode"], strict=True))
        before = {name: np.array([base[name].get(key, np.nan) for key in keys]) for name in ("population", "area_km2")}
        parts.append(
            pd.DataFrame(
                {
                    "place": [name_place(data, sentences, place) for place in reach["place"]],
                    "cutoff": reach["cutoff_min"],
                    "scenario": name_year(data, sentences, result.scenario.scenario_id),
                    "population": reach["population"] / PEOPLE_UNIT,
                    "change": (reach["population"] - before["population"]) / PEOPLE_UNIT,
                    "area": reach["area_km2"],
                    "area_change": reach["area_km2"] - before["area_km2"],
                    "cities": reach["n_cities"],
                    "counties": reach["n_counties"],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    order = frame.groupby("place", sort=False).ngroup()
    frame = frame.assign(order=order).sort_values(["order", "cutoff"], kind="stable").drop(columns="order")
    say = sentences.say
    columns = (
        *(Column(key, say(f"column.{key}"), repeats="once") for key in ("place", "cutoff")),
        *(Column(key, say(f"column.{key}")) for key in ("scenario", "population")),
        Column("change", say("column.change"), show="signed"),
        Column("area", say("column.area")),
        Column("area_change", say("column.area_change"), show="signed"),
        *(Column(key, say(f"column.{key}")) for key in ("cities", "counties")),
    )
    shown = len(result.cutoffs_min) * len(data.results)
    caption = say("reach.table", base=name_scenario(data, sentences, data.base_id))
    return Table("T5_reach", caption, frame, columns, rows_in_text=shown)


def _difference_sentences(data: ReportData, sentences: Sentences) -> list[Block]:
    """Say what is compared, and how many people gain at least five minutes from each place of the report."""
    base, full = data.result(data.base_id), data.result(data.full_id)
    said: list[Block] = [
        Paragraph(
            sentences.say(
                "reach.differ",
                base=name_scenario(data, sentences, data.base_id),
                full=name_scenario(data, sentences, data.full_id),
                projects=len(set(full.scenario.projects) ^ set(base.scenario.projects)),
            )
        )
    ]
    for place_id in data.choices.places or tuple(full.surfaces):
        saved = base.surface(place_id).astype(float) - full.surface(place_id)
        people = base.region.grid.population
        gains = [float(people[saved >= least].sum()) for least in (5, 15)]
        newly = np.isfinite(full.surface(place_id)) & (full.surface(place_id) <= 120) & ~(base.surface(place_id) <= 120)
        text = sentences.say(
            "reach.gain",
            place=name_place(data, sentences, place_id),
            five=gains[0],
            fifteen=gains[1],
            newly=float(people[newly].sum()),
        )
        said.append(Paragraph(text))
    return said


def _winners(data: ReportData, sentences: Sentences) -> list[Block]:
    """Return what the people of each city and county gain and lose on the way to each place of the report."""
    base, full = data.result(data.base_id), data.result(data.full_id)
    places = [place for place in data.choices.places or tuple(full.surfaces) if place in base.surfaces]
    if not places:
        return []
    comparison = compare(base, full, several="allow")
    blocks: list[Block] = []
    for place_id in places:
        cities = comparison.cities[comparison.cities["place"] == place_id].dropna(subset=["mean_saved_min"])
        if len(cities):
            blocks.append(Paragraph(_say_winners(data, sentences, place_id, cities)))
    pair = {"base": name_year(data, sentences, data.base_id), "full": name_year(data, sentences, data.full_id)}
    counties = comparison.counties[comparison.counties["place"].isin(places)].dropna(subset=["mean_saved_min"])
    ends = pd.concat([_ends(own) for _, own in counties.groupby("place", sort=False)])
    return [
        *blocks,
        _cities_table(data, sentences, places, comparison.cities, sentences.say("reach.winners_cities", **pair)),
        _counties_table(data, sentences, "T8_counties_ends", sentences.say("reach.ends_counties", **pair), ends),
        Sheet(
            _counties_table(data, sentences, "T8_counties", sentences.say("reach.winners_counties", **pair), counties)
        ),
    ]


def _ends(counties: pd.DataFrame) -> pd.DataFrame:
    """Return the counties of one place that gain most and least; all of them where there are few."""
    if len(counties) <= MOST + LEAST:
        return counties
    return pd.concat([counties.head(MOST), counties.tail(LEAST)])


def _say_winners(data: ReportData, sentences: Sentences, place_id: str, cities: pd.DataFrame) -> str:
    first, last = cities.iloc[0], cities.iloc[-1]
    return sentences.say(
        "reach.winners",
        place=name_place(data, sentences, place_id),
        best=name_place(data, sentences, str(first["city_id"])),
        best_saved=float(first["mean_saved_min"]),
        worst=name_place(data, sentences, str(last["city_id"])),
        worst_saved=float(last["mean_saved_min"]),
        gaining=int((cities["mean_saved_min"] >= FELT_MIN).sum()),
        losing=int((cities["mean_saved_min"] <= -FELT_MIN).sum()),
        total=len(cities),
        felt=FELT_MIN,
    )


def _cities_table(
    data: ReportData, sentences: Sentences, places: list[str], cities: pd.DataFrame, caption: str
) -> Table:
    """Return one row a city, those who gain most on the way to the first place first, two columns a place."""
    own = {place: cities[cities["place"] == place].set_index("city_id") for place in places}
    first = own[places[0]]
    shown = pd.DataFrame({"city": first[sentences.name_column], "population": first["population"] / PEOPLE_UNIT})
    columns = [Column(key, sentences.say(f"column.{key}")) for key in ("city", "population")]
    for place in places:
        name = name_place(data, sentences, place)
        for key, source, show, decimals in (
            ("saved", "mean_saved_min", "signed", 1),
            ("gaining", "share_gaining_5min", "share", 0),
        ):
            shown[f"{place}_{key}"] = own[place][source]
            title = sentences.say(f"reach.to_place_{key}", place=name)
            columns.append(Column(f"{place}_{key}", title, decimals, show))  # type: ignore[arg-type]
    note = sentences.say("reach.winners_note")
    return Table("T8_cities", caption, shown, tuple(columns), note=note, rows_in_text=len(shown))


def _counties_table(data: ReportData, sentences: Sentences, key: str, caption: str, frame: pd.DataFrame) -> Table:
    """Return one row a place and county, those who gain most first."""
    shown = pd.DataFrame(
        {
            "place": [name_place(data, sentences, place) for place in frame["place"]],
            "county": frame[sentences.name_column],
            "of_city": [name_place(data, sentences, str(city)) for city in frame["city_id"]],
            "population": frame["population"] / PEOPLE_UNIT,
            "mean_saved": frame["mean_saved_min"],
            "gaining": frame["share_gaining_5min"],
            "losing": frame["share_losing_5min"],
        }
    )
    say = sentences.say
    columns = (
        Column("place", say("column.place"), repeats="once"),
        *(Column(name, say(f"column.{name}")) for name in ("county", "of_city", "population")),
        Column("mean_saved", say("column.mean_saved"), decimals=1, show="signed"),
        Column("gaining", say("column.gaining"), show="share"),
        Column("losing", say("column.losing"), show="share"),
    )
    return Table(key, caption, shown, columns, note=say("reach.winners_note"))
