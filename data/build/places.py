"""Make data/places.csv: the named ends of journeys that a study may ask for.

    python data/build/places.py        (needs data/cities.csv, data/counties.csv and named_places.csv)

The 41 municipal government seats, the county seats of the Ningbo metropolitan area, the districts, hubs and
ports written by hand in named_places.csv, and the civil airports of the delta from airportsdata.
"""

from pathlib import Path

import pandas as pd
from package_data import read_airports

DATA = Path(__file__).resolve().parents[1]
COLUMNS = ["place_id", "name", "name_en", "kind", "city_id", "lon", "lat", "source", "date", "confidence"]
AIRPORTS_SOURCE = "airportsdata 20260905 (MIT)"

# Civil airports: IATA code, city and names. What airportsdata holds besides (air bases, closed fields,
# airports of other provinces) stays out.
AIRPORTS = {
    "SHA": ("shanghai", "上海虹桥国际机场", "Shanghai Hongqiao International Airport"),
    "PVG": ("shanghai", "上海浦东国际机场", "Shanghai Pudong International Airport"),
    "NKG": ("nanjing", "南京禄口国际机场", "Nanjing Lukou International Airport"),
    "WUX": ("wuxi", "苏南硕放国际机场", "Sunan Shuofang International Airport"),
    "XUZ": ("xuzhou", "徐州观音国际机场", "Xuzhou Guanyin International Airport"),
    "CZX": ("changzhou", "常州奔牛国际机场", "Changzhou Benniu International Airport"),
    "NTG": ("nantong", "南通兴东国际机场", "Nantong Xingdong International Airport"),
    "HIA": ("huaian", "淮安涟水国际机场", "Huai'an Lianshui International Airport"),
    "YNZ": ("yancheng", "盐城南洋国际机场", "Yancheng Nanyang International Airport"),
    "YTY": ("yangzhou", "扬州泰州国际机场", "Yangzhou Taizhou International Airport"),
    "HGH": ("hangzhou", "杭州萧山国际机场", "Hangzhou Xiaoshan International Airport"),
    "NGB": ("ningbo", "宁波栎社国际机场", "Ningbo Lishe International Airport"),
    "WNZ": ("wenzhou", "温州龙湾国际机场", "Wenzhou Longwan International Airport"),
    "YIW": ("jinhua", "义乌机场", "Yiwu Airport"),
    "JUZ": ("quzhou", "衢州机场", "Quzhou Airport"),
    "HSN": ("zhoushan", "舟山普陀山国际机场", "Zhoushan Putuoshan International Airport"),
    "HYN": ("taizhou_zj", "台州路桥机场", "Taizhou Luqiao Airport"),
    "HFE": ("hefei", "合肥新桥国际机场", "Hefei Xinqiao International Airport"),
    "WHA": ("wuhu", "芜湖宣州机场", "Wuhu Xuanzhou Airport"),
    "FUG": ("fuyang", "阜阳西关国际机场", "Fuyang Xiguan International Airport"),
    "AQG": ("anqing", "安庆天柱山机场", "Anqing Tianzhushan Airport"),
    "TXN": ("huangshan", "黄山屯溪国际机场", "Huangshan Tunxi International Airport"),
}
# Opened too late for airportsdata or missing there; positions written by hand.
AIRPORTS_BY_HAND = {
    "LYG": ("lianyungang", "连云港花果山国际机场", "Lianyungang Huaguoshan International Airport", 119.179, 34.414),
    "JUH": ("chizhou", "池州九华山机场", "Chizhou Jiuhuashan Airport", 117.687, 30.740),
}


def collect_cities() -> pd.DataFrame:
    """One row per municipal government seat; the place id is the city id."""
    cities = pd.read_csv(DATA / "cities.csv", dtype={"date": str})
    return cities.assign(place_id=cities["city_id"], kind="city")[COLUMNS]


def collect_county_seats() -> pd.DataFrame:
    """County seats of the Ningbo metropolitan area; the place id is the English name in lower case."""
    counties = pd.read_csv(DATA / "counties.csv", dtype={"adcode": str, "date": str})
    sets = pd.read_csv(DATA / "city_sets.csv", dtype=str)
    members = sets.loc[sets["set_id"] == "ningbo_metro", "member"]
    chosen = counties[counties["adcode"].isin(members)].copy()
    chosen["place_id"] = chosen["name_en"].str.replace(r" (District|County)$", "", regex=True).str.lower()
    return chosen.assign(kind="county", source=chosen["seat_source"])[COLUMNS]


def collect_airports() -> pd.DataFrame:
    """One row per civil airport; the place id is airport_ and the IATA code in lower case."""
    known = read_airports().set_index("iata")
    rows = [
        (f"airport_{iata.lower()}", name, name_en, "airport", city_id, known.lon[iata], known.lat[iata],
         AIRPORTS_SOURCE, "2026-09-05", "high")
        for iata, (city_id, name, name_en) in AIRPORTS.items()
    ]  # fmt: skip
    rows += [
        (f"airport_{iata.lower()}", name, name_en, "airport", city_id, lon, lat,
         "placed by hand within about 3 km", "2023", "low")
        for iata, (city_id, name, name_en, lon, lat) in AIRPORTS_BY_HAND.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def write_places() -> None:
    """Write places.csv, refusing a place id that stands twice."""
    by_hand = pd.read_csv(Path(__file__).with_name("named_places.csv"), dtype={"date": str})
    places = pd.concat([collect_cities(), collect_county_seats(), by_hand, collect_airports()])
    repeated = places.loc[places["place_id"].duplicated(), "place_id"].tolist()
    if repeated:
        message = f"place ids stand twice: {', '.join(repeated)}"
        raise ValueError(message)
    places[["lon", "lat"]] = places[["lon", "lat"]].round(5)
    places.to_csv(DATA / "places.csv", index=False, lineterminator="\n")
    print(f"places.csv: {places['kind'].value_counts().to_dict()}")


if __name__ == "__main__":
    write_places()
