"""Compares every number of a report page with DuckDB over the tables that it is of.

    check_figures.py DIR NAME...

DIR/NAME.html is the page of the tables in DIR/NAME. Every row of every table, with all others and the total, must
be what a query of its own gives; the rows shown must be the largest. Figures of the headline likewise. Shapes of
drawings must have the values that tables and queries give, in words and in size; a number without a value in the
markup fails. Every failed check is one line; the last line is "N passed, M failed". Packages:
scripts/requirements.txt.
"""

import collections
import datetime
import decimal
import re
import sys
from pathlib import Path

import duckdb

from page_tree import Cell, Drawing, Table, parse

NONE = "–"
TABLES = ["routing_distribution", "model_costs", "denials", "unresolved_models", "ingest"]
# What charts-rs rounds coordinates to, and a little for a pair of them.
PIXELS = 0.16
REGION = r"[a-z]{2}(-[a-z]+)+-\d"
COSTS = ("sum(calls) AS calls, sum(succeeded_calls) AS succeeded, sum(calls_priced) AS priced, "
         "sum(calls_lower_bound) AS lower, sum(calls_unpriced) AS unpriced, sum(list_cost_usd) AS list, "
         "sum(COALESCE(list_cost_max_usd, list_cost_usd)) AS upper, max(list_cost_max_usd) AS estimate, "
         "sum(contracted_cost_usd) AS contracted")

# Sums of DECIMAL(38, 12) have more digits than Python's decimals have by default.
decimal.getcontext().prec = 60
passed = failed = 0


def check(what, holds, found=""):
    """One check: `what` is the sentence that should be true, `found` what is there instead."""
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {what}: {str(found)[:400]}")


class Tables:
    """DuckDB over a destination."""

    def __init__(self, dest):
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        for table in TABLES:
            self.connection.execute(
                f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{dest}/{table}/*/*.parquet', "
                "hive_partitioning = true, hive_types_autocast = false, union_by_name = true)")
        self.days = sorted(path.name.removeprefix("dt=") for path in (dest / "ingest").glob("dt=*"))

    def rows(self, query):
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]


def total(rows, name):
    """The sum of a column; None if no row has a value."""
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values) if values else None


def count(value):
    return str(int(value or 0))


def money(value):
    return None if value is None else f"{decimal.Decimal(value):.12f}"


def quotient(part, whole, places=6):
    """Rounded half up, as the page does it; None without a whole."""
    if not whole:
        return None
    scaled = (int(part) * 10**places * 2 + int(whole)) // (2 * int(whole))
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}}"


def effective(counts):
    return quotient(sum(counts) ** 2, sum(n * n for n in counts))


def moment(value):
    if value is None:
        return None
    value = value.astimezone(datetime.timezone.utc)
    fraction = f"{value.microsecond / 1e6:.3f}"[1:].rstrip("0").rstrip(".")
    return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def is_lower_bound(rows):
    return total(rows, "lower") > 0 or total(rows, "priced") < total(rows, "succeeded")


def says(text, value):
    """Whether a text for people is the value, as far as it has digits."""
    if value is None:
        return text in (NONE, "", "yes", "no", "total")
    if re.fullmatch(r"\d{4}-.*Z", value):
        return text == value[:19].replace("T", " ")
    digits = re.sub(r"[≥$,% ]", "", text)
    if text.startswith("others ("):
        return text == f"others ({int(value):,})"
    if not re.fullmatch(r"\d+(\.\d+)?", digits):
        return False
    exact, shown = decimal.Decimal(value), decimal.Decimal(digits)
    if "%" in text:
        exact *= 100
    step = decimal.Decimal(1).scaleb(shown.as_tuple().exponent)
    # A quotient of six places may be on the other side of a half.
    tolerance = decimal.Decimal("0.0001") if "%" in text or len(value.partition(".")[2]) == 6 else 0
    if "≥" in text:
        return 0 <= exact - shown < step
    return abs(exact - shown) <= step / 2 + tolerance if "." in digits else exact == shown


def shown_name(value, null=NONE, characters=160):
    text = null if value is None else str(value)
    return text if len(text) <= characters else text[:characters - 1] + "…"


class Page:
    """A page, and the tables that it is of."""

    def __init__(self, name, html, tables):
        self.name, self.tables = name, tables
        self.root = parse(html)
        self.of_caption = {}
        for element in self.root.all("table"):
            table = Table(element)
            check(f"{name}: the caption '{table.caption}' is of one table", table.caption not in self.of_caption)
            self.of_caption[table.caption] = table
        self.checked = set()
        # Texts of drawings that are names of the tables.
        self.names = set()

    def check(self, what, holds, found=""):
        check(f"{self.name}: {what}", holds, found)

    def compare(self, caption, cells, expected, what):
        """Values of a row against those of a query, and texts against values."""
        found = [cell.value for cell in cells]
        self.check(f"{caption}: {what}", found == expected, f"{found}, expected {expected}")
        wrong = [cell for cell in cells if not says(cell.text, cell.value)]
        self.check(f"{caption}: {what} says what its values are", not wrong, wrong)

    def check_table(self, caption, query, names, measure, order=None, null=NONE):
        """Every row of a table. `names` are columns of the query; `measure` gives the values of one or more rows of
        the query, `order` what the largest rows have most of."""
        table = self.of_caption.get(caption)
        if table is None:
            self.check(f"there is the table '{caption}'", False)
            return
        self.checked.add(caption)
        groups = collections.defaultdict(list)
        rows = self.tables.rows(query)
        for row in rows:
            groups[tuple(shown_name(row[name], null) for name in names)].append(row)
        shown = [table.names(row) for row in table.rows]
        self.check(f"{caption}: rows have names of the tables, each once",
                   len(shown) == len(set(shown)) and set(shown) <= groups.keys(), set(shown) - groups.keys())
        rest = [row for key, of_key in groups.items() if key not in shown for row in of_key]
        for row in table.rows:
            if table.names(row) in groups:
                self.compare(caption, row[table.n_names:], measure(groups[table.names(row)]), table.names(row))
        self.check(f"{caption}: rows that are not shown are in that of all others", bool(rest) == bool(table.others),
                   len(rest))
        if table.others:
            n_rest = len(groups) - len(shown)
            self.check(f"{caption}: the number of all others", table.others[0].value == str(n_rest), table.others[0])
            self.compare(caption, table.others[table.n_names:], measure(rest), "all others")
        if order and rest:
            least = min(order(groups[key]) for key in shown)
            most = max(order(groups[key]) for key in groups.keys() - set(shown))
            self.check(f"{caption}: the largest rows are shown", least >= most, (least, most))
        self.check(f"{caption}: the total is called so", table.total[0].text == "total", table.total[0])
        self.compare(caption, table.total[table.n_names:], measure(rows) if rows else
                     [cell.value and "0" for cell in table.total[table.n_names:]], "the total")


def routing(page):
    ran = "FROM routing_distribution WHERE inference_region IS NOT NULL"
    (all_calls,) = [row["n"] for row in page.tables.rows(f"SELECT sum(calls) AS n {ran}")]
    calls = lambda rows: [count(total(rows, "calls")), quotient(total(rows, "calls"), all_calls)]
    most = lambda rows: total(rows, "calls")
    keys = ["profile_scope", "source_region", "inference_region", "residency"]
    page.check_table("Calls that ran", f"SELECT {', '.join(keys)}, sum(calls) AS calls {ran} GROUP BY ALL", keys, calls, most)
    keys = ["source_region", "inference_region", "profile_scope", "model_name", "residency"]
    page.check_table(
        "Calls that left their jurisdiction, or ran in an undeclared Region",
        f"SELECT {', '.join(keys)}, CASE is_declared WHEN TRUE THEN 'yes' WHEN FALSE THEN 'no' END AS declared, "
        "sum(calls) AS calls FROM routing_distribution WHERE residency = 'other_jurisdiction' OR is_declared = FALSE "
        "GROUP BY ALL", [*keys, "declared"], lambda rows: [count(total(rows, "calls"))], most)


def only_of(column, text, words):
    """The condition that a column has what the page calls `text`."""
    return f"{column} IS NULL" if text == words else f"{column} = '{text}'"


def name_in(heads, region):
    """The name that a table has for an inference Region: its own, or that of all others."""
    region = shown_name(region, "unknown", 24)
    return region if region in heads else next(other for other in heads if other.startswith("others ("))


def heat(page):
    """Tables of hours. Their last row may be all others, which has no value of its own."""
    sources = page.tables.rows("SELECT source_region, sum(calls) AS calls FROM routing_distribution "
                               "WHERE inference_region IS NOT NULL GROUP BY ALL ORDER BY calls DESC, source_region")
    captions = [caption for caption in page.of_caption if caption.startswith("Calls from ")]
    of_source = {re.fullmatch(r"Calls from (.*) that ran, by hour of the day \(UTC\)", caption)[1] for caption in captions}
    n = len(captions)
    page.check("there are heat maps", n > 0)
    largest = {shown_name(row["source_region"], "unknown", 40) for row in sources[:n]}
    page.check("heat maps are of the largest source Regions", of_source == largest and n in (3, 4, len(sources)), of_source)
    for caption in captions:
        source = caption.removeprefix("Calls from ").removesuffix(" that ran, by hour of the day (UTC)")
        table = page.of_caption[caption]
        page.checked.add(caption)
        rows = page.tables.rows(
            "SELECT inference_region, hour(event_hour) AS hour, sum(calls) AS calls FROM routing_distribution WHERE "
            f"inference_region IS NOT NULL AND {only_of('source_region', source, 'unknown')} GROUP BY ALL")
        names = [row[0].text for row in table.rows]
        counts = collections.defaultdict(lambda: [0] * 24)
        for row in rows:
            counts[name_in(names, row["inference_region"])][row["hour"]] += row["calls"]
        page.check(f"{caption}: has every Region", counts.keys() == set(names), counts.keys() ^ set(names))
        for row in table.rows:
            hours = counts[row[0].text]
            page.compare(caption, row[1:], [count(sum(hours)), *map(count, hours)], row[0].text)
        sums = [sum(hours[hour] for hours in counts.values()) for hour in range(24)]
        page.compare(caption, table.total[1:], [count(sum(sums)), *map(count, sums)], "the total")


def share_counts(page, caption):
    """Calls by day and head of a table of shares, and those by day and Region."""
    table = page.of_caption[caption]
    source, scope = re.fullmatch(r"Shares of calls from (.*), (.*)", caption).groups()
    rows = page.tables.rows(
        "SELECT dt, inference_region, sum(calls) AS calls FROM routing_distribution WHERE inference_region IS NOT NULL "
        f"AND {only_of('source_region', source, 'unknown')} AND {only_of('profile_scope', scope, 'no scope')} GROUP BY ALL")
    heads = table.heads[3:]
    shown, regions = collections.Counter(), collections.Counter()
    for row in rows:
        shown[row["dt"], name_in(heads, row["inference_region"])] += row["calls"]
        regions[row["dt"], row["inference_region"]] += row["calls"]
    return table, heads, shown, regions


def shares(page):
    for caption in [caption for caption in page.of_caption if caption.startswith("Shares of ")]:
        page.checked.add(caption)
        table, heads, shown, regions = share_counts(page, caption)
        lines = [(row[0].text, row, lambda day, at=row[0].text: day == at) for row in table.rows]
        lines.append(("total", table.total, lambda day: True))
        for name, row, is_counted in lines:
            counts = [sum(n for (day, head), n in shown.items() if is_counted(day) and head == of) for of in heads]
            by_region = collections.Counter()
            for (day, region), n in regions.items():
                by_region[region] += n if is_counted(day) else 0
            expected = [count(sum(counts)), effective([n for n in by_region.values()]),
                        *(quotient(n, sum(counts)) for n in counts)]
            page.compare(caption, row[1:], expected, name)


def costs(page):
    caption = "List cost by day and model, in US dollars"
    table = page.of_caption[caption]
    page.checked.add(caption)
    rows = page.tables.rows(f"SELECT dt, model_name, {COSTS} FROM model_costs GROUP BY ALL")
    heads = table.heads[6:]
    priced = {shown_name(row["model_name"], "no known model", 60) for row in rows if row["list"] is not None}
    page.check(f"{caption}: has every model with a cost", all(head in priced for head in heads if "others (" not in head)
               and (len(heads) == len(priced) or any("others (" in head for head in heads)), heads)

    def head_of(row):
        name = shown_name(row["model_name"], "no known model", 60)
        return name if name in heads else next((head for head in heads if "others (" in head), None) if name in priced else None

    days = [row[0].text for row in table.rows]
    for name, row in [*((row[0].text, row) for row in table.rows), ("total", table.total)]:
        of_day = [it for it in rows if name in ("total", it["dt"])]
        models = [money(total([it for it in of_day if head_of(it) == head], "list")) for head in heads]
        sums = [count(total(of_day, key)) for key in ("succeeded", "priced", "lower", "unpriced")]
        page.compare(caption, row[1:], [money(total(of_day, "list")), *sums, *models], name)
        if of_day:
            text = row[1].text
            page.check(f"{caption}: {name} is marked as a lower bound if it is one",
                       text.startswith("≥") == (is_lower_bound(of_day) and text != NONE), text)
    page.check(f"{caption}: every day is in it", sorted(days) == days and set(page.tables.days) <= set(days), days)
    for kind, column in [("account", "account_id"), ("principal", "principal_name"), ("profile", "profile_name")]:
        caption = f"Cost in US dollars, by {kind}"
        heads = page.of_caption[caption].heads

        def measure(rows):
            bound = is_lower_bound(rows)
            upper = None if bound else money(total(rows, "upper")) if total(rows, "estimate") is not None else None
            optional = {"upper end": upper, "contracted": money(total(rows, "contracted"))}
            values = [money(total(rows, "list")), *(value for head, value in optional.items() if head in heads)]
            return values + [count(total(rows, key)) for key in ("calls", "succeeded", "priced", "lower", "unpriced")]

        order = lambda rows: (total(rows, "list") or -1, total(rows, "calls"))
        page.check_table(caption, f"SELECT {column}, {COSTS} FROM model_costs GROUP BY ALL", [column], measure, order)


def refusals_and_gaps(page):
    last_day = page.tables.days[-1]
    keys = ["blocked_region", "policy_type", "policy_arn", "leg", "scope"]
    seen = lambda rows, of, key: moment(of((row[key] for row in rows), default=None))
    page.check_table(
        "Denied calls",
        "SELECT blocked_region, policy_type, policy_arn, leg, COALESCE(profile_scope, 'no scope') AS scope, count(*) AS calls, "
        "min(event_time) AS first, max(event_time) AS last FROM denials GROUP BY ALL", keys,
        lambda rows: [count(total(rows, "calls")), seen(rows, min, "first"), seen(rows, max, "last"), None],
        lambda rows: total(rows, "calls"))
    table = page.of_caption["Denied calls"]
    wrong = [row for row in table.rows if row[-1].text != ("yes" if row[-2].value[:10] == last_day else "no")]
    page.check("Denied calls: the last day is told", not wrong, wrong)
    page.check_table(
        "Unresolved model identifiers",
        "SELECT model_ref, reason, sum(calls) AS calls, min(first_seen) AS first, max(last_seen) AS last "
        "FROM unresolved_models GROUP BY ALL", ["model_ref", "reason"],
        lambda rows: [count(total(rows, "calls")), seen(rows, min, "first"), seen(rows, max, "last")],
        lambda rows: total(rows, "calls"))
    page.check_table(
        "Calls with a cost gap",
        f"SELECT model_name, cost_gap, {COSTS} FROM model_costs WHERE cost_gap IS NOT NULL GROUP BY ALL",
        ["model_name", "cost_gap"],
        lambda rows: [count(total(rows, "unpriced")), count(total(rows, "lower")),
                      count(total(rows, "succeeded") - total(rows, "priced")), count(total(rows, "succeeded"))],
        lambda rows: (total(rows, "unpriced"), total(rows, "succeeded")))


def days(page):
    caption = "Days"
    table = page.of_caption[caption]
    page.checked.add(caption)
    rows = {row["dt"]: row for row in page.tables.rows(
        "SELECT dt, sum(written) AS written, count(*) AS objects, sum(records) AS records, sum(rejected) AS rejected, "
        "sum(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) AS unreadable FROM ingest GROUP BY dt")}
    keys = ["written", "objects", "unreadable", "records", "rejected"]
    for row in table.rows:
        of_day = rows.get(row[0].text, dict.fromkeys(keys, 0))
        page.compare(caption, row[2:], [count(of_day[key]) for key in keys], row[0].text)
        is_built = row[1].text.startswith("built")
        page.check(f"{caption}: {row[0].text} is built if it has a file", is_built == (row[0].text in rows), row[1])
    page.compare(caption, table.total[2:], [count(total(rows.values(), key)) for key in keys], "the total")


def headline(page):
    """The figures on top, each with the values beside it."""
    routed = page.tables.rows("SELECT * FROM routing_distribution")
    sums = lambda key, rows=routed: total(rows, key) or 0
    ran = [row for row in routed if row["inference_region"] is not None]
    n_ran = sums("calls", ran)
    away = sums("calls", [row for row in ran if row["inference_region"] != row["source_region"]])
    left = sums("calls", [row for row in ran if row["residency"] == "other_jurisdiction"])
    inferred = sums("calls", [row for row in ran if row["inference_region_basis"] == "source"])
    (cost,) = page.tables.rows(f"SELECT {COSTS} FROM model_costs")
    last = page.tables.days[-1]
    kinds = page.tables.rows("SELECT max(event_time) AS last FROM denials GROUP BY blocked_region, policy_type, policy_arn, "
                             "leg, profile_scope")
    still = [row for row in kinds if moment(row["last"]).startswith(last)]
    (ingest,) = page.tables.rows("SELECT sum(rejected) AS rejected, sum(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) "
                                 "AS unreadable FROM ingest")
    (unresolved,) = page.tables.rows("SELECT sum(calls) AS calls FROM unresolved_models")
    n_days = len(page.of_caption["Days"].rows)
    upper = [] if cost["estimate"] is None or is_lower_bound([cost]) else [money(cost["upper"])]
    expected = {
        "Calls": [sums("calls"), sums("succeeded_calls"), sums("throttled_calls"), sums("failed_calls")],
        "Ran in another Region": [away, quotient(away, n_ran), n_ran, inferred],
        "Left their jurisdiction": [left, quotient(left, n_ran),
                                    sums("calls", [row for row in ran if row["is_declared"] is False])],
        "List cost": [money(cost["list"]), cost["priced"], cost["succeeded"], quotient(cost["priced"], cost["succeeded"]),
                      cost["lower"], *upper],
        "Contracted cost": [money(cost["contracted"])],
        "Denied": [sums("denied_calls"), len(still), len(kinds)],
        "Without a known model": [unresolved["calls"] or 0, cost["unpriced"]],
        "Days built": [len(page.tables.days), n_days, ingest["rejected"], ingest["unreadable"]],
    }
    figures = {figure.one("h2").text: figure for figure in page.root.all("div") if "figure" in (figure.get("class") or "").split()}
    global_rate(page, figures.pop("At global routing", None), cost)
    has_contracted = cost["contracted"] is not None
    page.check("the headline has every figure", figures.keys() | {"Contracted cost"} == expected.keys()
               and has_contracted == ("Contracted cost" in figures), figures.keys() ^ expected.keys())
    for name, figure in figures.items():
        found = [Cell.of(data) for data in figure.all("data")]
        values = [None if value is None else str(value) for value in expected.get(name, [])]
        page.compare("headline", found, values, name)


def global_rate(page, figure, cost):
    """What the same tokens cost at global routing. The tables have no prices; tests of the program compare the
    difference with calls that are priced one by one. Here, it is said as it is, and its calls are those with a cost."""
    if figure is None:
        return
    change, share, *calls, covered = map(Cell.of, figure.all("data"))
    size = abs(decimal.Decimal(change.value))
    is_less = decimal.Decimal(change.value) < 0
    amount, word = change.text.rsplit(" ", 1)
    page.check("global routing: says its value", word == ("less" if is_less else "more") and says(amount, f"{size:.12f}"),
               change)
    page.check("global routing: is a part of the cost",
               share.value == quotient(size.scaleb(12), cost["list"].scaleb(12)) and says(share.text, share.value), share)
    page.check("global routing: every call with a cost is counted",
               sum(int(cell.value) for cell in calls) == cost["priced"] and all(says(it.text, it.value) for it in calls), calls)
    page.compare("global routing", [covered], [quotient(cost["priced"], cost["succeeded"])], "coverage")


def numbers_without_value(page):
    """Digits are in figures, or in names, heads, commands, and sentences about how to read."""
    allowed = {"style", "title", "code", "bdi", "h3", "th", "caption", "figcaption", "li", "data", "summary"}
    loose = []
    for text, element in page.root.texts():
        around = list(element.ancestors())
        is_note = any(it.name == "p" and it.get("class") == "note" for it in around)
        is_name = element.name == "text" and (text in page.names or re.fullmatch(REGION, text))
        is_figure = element.name == "text" and element.get("data-value") is not None
        rest = re.sub(r"\b\d{4}-\d\d-\d\d\b|\b\d\d:00\b|others \(\d+\)", "", text)
        if re.search(r"\d", rest) and not (is_note or is_name or is_figure or any(it.name in allowed for it in around)):
            loose.append(text)
    page.check("every number has its value in the markup", not loose, loose[:5])
    for summary in page.root.all("summary"):
        table = Table(summary.parent.one("table"))
        page.check(f"'{table.caption}' is folded with the number of its rows",
                   summary.one("data").get("value") == str(len(table.rows)), summary.text)


def proportional(page, what, pairs):
    """Sizes, each with its value: in proportion, as exactly as pixels go."""
    pairs = [(size, float(value)) for size, value in pairs]
    most = max(pairs, key=lambda pair: pair[1], default=None)
    if most is None or most[1] == 0:
        return
    scale = most[0] / most[1]
    wrong = [(size, value, value * scale) for size, value in pairs if abs(size - value * scale) > PIXELS]
    page.check(f"{what}: {len(pairs)} shape(s) are as large as their values", not wrong, wrong[:3])


def thickness(path):
    """Of a ribbon, at its ends: `M x,top C … right,top V bottom C … x,bottom Z`."""
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]
    left_top, right_top, right_bottom, left_bottom = numbers[1], numbers[7], numbers[8], numbers[14]
    return left_bottom - left_top, right_bottom - right_top


def flow(page, drawing, scopes):
    """Ribbons and nodes of a scope against the routes of the tables."""
    where = only_of("profile_scope", drawing.caption, "no scope")
    if drawing.caption == "other scopes":
        where = " AND ".join(f"({only_of('profile_scope', scope, 'no scope')}) IS NOT TRUE" for scope in scopes)
    routes = page.tables.rows("SELECT source_region, inference_region, residency, sum(calls) AS calls FROM routing_distribution "
                              f"WHERE inference_region IS NOT NULL AND {where} GROUP BY ALL")
    nodes = [mark for mark in drawing.marks if mark.kind == "node"]
    left_edge = min(mark.number("x") for mark in nodes)
    sides = [[mark for mark in nodes if (mark.number("x") == left_edge) == is_left] for is_left in (True, False)]
    names = [[mark.title.rpartition(" · ")[0] for mark in side] for side in sides]

    def place(value, side):
        name = shown_name(value, "unknown", 24)
        return name if name in names[side] else next(other for other in names[side] if other.startswith("others ("))

    words = {"same_region": "in the same Region", "same_jurisdiction": "in the same jurisdiction",
             "other_jurisdiction": "left its jurisdiction", None: "jurisdiction unknown"}
    expected, by_side = collections.Counter(), [collections.Counter(), collections.Counter()]
    for row in routes:
        ends = place(row["source_region"], 0), place(row["inference_region"], 1)
        expected[(*ends, words[row["residency"]])] += row["calls"]
        for side in (0, 1):
            by_side[side][ends[side]] += row["calls"]
    found = {}
    ribbons = [mark for mark in drawing.marks if mark.kind != "node"]
    for mark in ribbons:
        source, target, calls, residency = re.fullmatch(r"(.*) → (.*): ([\d,]+) calls, (.*)", mark.title).groups()
        page.check(f"flow {drawing.caption}: '{mark.title}' is {mark.value}", calls == f"{int(mark.value):,}")
        found[source, target, residency] = int(mark.value)
    page.check(f"flow {drawing.caption}: ribbons are the routes of the tables", found == dict(expected),
               set(found.items()) ^ set(expected.items()))
    for side in (0, 1):
        of_side = {mark.title.rpartition(" · ")[0]: int(mark.value) for mark in sides[side]}
        page.check(f"flow {drawing.caption}: nodes are sums of routes", of_side == dict(by_side[side]), of_side)
    titles = sorted((mark.title, mark.value) for mark in nodes)
    labels = sorted((text.text, text.get("data-value")) for text in drawing.texts)
    page.check(f"flow {drawing.caption}: nodes have their labels", titles == labels, labels)
    wrong = [title for title, value in titles if title.rpartition(" · ")[2] != f"{int(value):,}"]
    page.check(f"flow {drawing.caption}: labels say their values", not wrong, wrong)
    proportional(page, f"flow {drawing.caption}, nodes", [(mark.number("height"), mark.value) for mark in nodes])
    for end in (0, 1):
        pairs = [(thickness(mark.element.get("d"))[end], mark.value) for mark in ribbons]
        proportional(page, f"flow {drawing.caption}, ribbons", pairs)
    classes = {"same-region": words["same_region"], "same-jurisdiction": words["same_jurisdiction"],
               "left-jurisdiction": words["other_jurisdiction"], "no-residency": words[None]}
    wrong = [mark.title for mark in ribbons if not mark.title.endswith(classes[mark.kind])]
    page.check(f"flow {drawing.caption}: colors say what the words say", not wrong, wrong)


def heat_map(page, drawing):
    table = page.of_caption[f"Calls {drawing.caption} that ran, by hour of the day (UTC)"]
    found = {}
    for mark in drawing.marks:
        if mark.title:
            name, hour, calls = re.fullmatch(r"(.*), (\d\d):00: ([\d,]+) calls?", mark.title).groups()
            found[name, hour] = mark
            page.check(f"heat map {drawing.caption}: '{mark.title}' is {mark.value}", calls == f"{int(mark.value):,}")
    expected = {(shown_name(row[0].text, characters=20), table.heads[at]): row[at].value
                for row in table.rows for at in range(2, 26) if row[at].value != "0"}
    page.check(f"heat map {drawing.caption}: cells are those of the table",
               {key: mark.value for key, mark in found.items()} == expected, expected)
    page.check(f"heat map {drawing.caption}: has a cell for each hour", len(drawing.marks) == 24 * len(table.rows))
    ranked = [row for row in table.rows][:8]
    most = max(int(cell.value) for row in ranked for cell in row[2:])
    level = lambda value: 0 if value == 0 else 6 if value >= most else -(-value * 6 // most)
    wrong = [mark.title for mark in found.values() if mark.kind != f"heat-{level(int(mark.value))}"]
    page.check(f"heat map {drawing.caption}: colors are as full as values", not wrong, wrong)
    heights = sorted({mark.number("y") for mark in drawing.marks})
    hours = sorted({mark.number("x") for mark in drawing.marks})
    rows = [row[0].text for row in table.rows]
    wrong = [key for key, mark in found.items() if rows[heights.index(mark.number("y"))] != key[0]
             or f"{hours.index(mark.number('x')):02}" != key[1]]
    page.check(f"heat map {drawing.caption}: cells are where their names are", not wrong, wrong)


def columns_of(drawing):
    """Marks by column, from the left; in each from below."""
    columns = collections.defaultdict(list)
    for mark in drawing.marks:
        columns[mark.title[:10]].append(mark)
    return columns


def share_bars(page, drawing):
    _, heads, shown, _ = share_counts(page, f"Shares of calls {drawing.caption}")
    for mark in drawing.marks:
        day, region, share = re.fullmatch(r"(.{10}), (.*): (.*)", mark.title).groups()
        whole = sum(n for (at, _), n in shown.items() if at == day)
        holds = mark.value == count(shown[day, region]) and says(share, quotient(shown[day, region], whole))
        page.check(f"shares {drawing.caption}: '{mark.title}' is {mark.value}", holds, shown[day, region])
    expected = sum(1 for n in shown.values() if n)
    page.check(f"shares {drawing.caption}: every share has a shape", len(drawing.marks) == expected, expected)
    for day, marks in columns_of(drawing).items():
        proportional(page, f"shares {drawing.caption}, {day}", [(mark.number("height"), mark.value) for mark in marks])
    check_order(page, f"shares {drawing.caption}", drawing)
    page.check(f"shares {drawing.caption}: the legend has the heads of the table", drawing.legend == heads, drawing.legend)


def check_order(page, what, drawing):
    """Columns of days are in their order."""
    left = [min(mark.number("x") for mark in marks) for _, marks in sorted(columns_of(drawing).items())]
    page.check(f"{what}: days are in their order", left == sorted(left), left)


def cost_bars(page, drawing):
    table = page.of_caption["List cost by day and model, in US dollars"]
    for mark in drawing.marks:
        day, model, cost = re.fullmatch(r"(.{10}), (.*): (.*)", mark.title).groups()
        cell = table.cell(table.row(day), model)
        page.check(f"cost: '{mark.title}' is {mark.value}", (mark.value, cost) == (cell.value, cell.text), cell)
    expected = sum(1 for row in table.rows for cell in row[6:] if cell.value and decimal.Decimal(cell.value))
    page.check("cost: every cost of the table has a shape", len(drawing.marks) == expected, expected)
    proportional(page, "cost", [(mark.number("height"), mark.value) for mark in drawing.marks])
    check_order(page, "cost", drawing)
    (full,) = [text for text in drawing.texts if text.get("data-value")]
    day = re.search(r"\((.*)\)", full.text)[1]
    most = max(table.rows, key=lambda row: decimal.Decimal(row[1].value or 0))
    page.check("cost: the full height is that of the most expensive day", full.get("data-value") == most[1].value
               == table.row(day)[1].value and full.text == f"full height: {most[1].text} ({day})", full.text)


def coverage_bars(page, drawing):
    table = page.of_caption["List cost by day and model, in US dollars"]
    n_expected = 0
    for row in table.rows:
        succeeded, priced, lower = (int(table.cell(row, head).value) for head in ("succeeded", "priced", "lower bounds"))
        expected = {"cost in full or an estimate": priced - lower, "lower bound": lower, "no cost": succeeded - priced}
        n_expected += sum(1 for value in expected.values() if value)
        marks = columns_of(drawing)[row[0].text]
        for mark in marks:
            kind, calls, share = re.fullmatch(r".{10}, (.*): ([\d,]+) calls, (.*)", mark.title).groups()
            value = expected[kind]
            holds = mark.value == str(value) and calls == f"{value:,}" and says(share, quotient(value, succeeded))
            page.check(f"coverage: '{mark.title}' is {mark.value}", holds, value)
        proportional(page, f"coverage, {row[0].text}", [(mark.number("height"), mark.value) for mark in marks])
    page.check("coverage: every count has a shape", len(drawing.marks) == n_expected, n_expected)


def bars(page, what, drawing, values):
    """Bars beneath each other against values by name, the largest first; all others are the last one."""
    names = [text.text for text in drawing.texts if text.get("data-value") is None]
    figures = [text for text in drawing.texts if text.get("data-value") is not None]
    page.names |= values.keys() & set(names)
    rest = {name: value for name, value in values.items() if name not in names}
    expected = {name: value for name, value in values.items() if name in names}
    if rest:
        expected[f"others ({len(rest)})"] = sum(rest.values())
    found = {name: figure.get("data-value") for name, figure in zip(names, figures)}
    as_text = {name: f"{value:.12f}" if isinstance(value, decimal.Decimal) else str(value) for name, value in expected.items()}
    page.check(f"{what}: bars are of the tables", found == as_text, f"{found}, expected {as_text}")
    page.check(f"{what}: figures say their values", all(says(it.text, it.get("data-value")) for it in figures))
    titles = [f"{name}: {figure.text}" for name, figure in zip(names, figures) if decimal.Decimal(figure.get("data-value"))]
    page.check(f"{what}: tooltips say the same", [mark.title for mark in drawing.marks] == titles, titles)
    proportional(page, what, [(mark.number("width"), mark.value) for mark in drawing.marks])


def drawings(page):
    n = collections.Counter()
    scopes = [figure.one("figcaption").text for article in page.root.all("article")
              if article.one("h3").text == "From source Region to inference Region" for figure in article.all("figure")]
    for article in page.root.all("article"):
        heading = article.one("h3").text
        for drawing in map(Drawing, article.all("figure")):
            n[heading] += 1
            if heading == "From source Region to inference Region":
                flow(page, drawing, [scope for scope in scopes if scope != "other scopes"])
            elif heading == "Hour of the day":
                heat_map(page, drawing)
            elif heading == "Share of each Region by day":
                share_bars(page, drawing)
            elif heading == "By day and model":
                (cost_bars if drawing.caption == "List cost" else coverage_bars)(page, drawing)
            elif heading in ("By account", "By principal", "By profile"):
                column = {"By account": "account_id", "By principal": "principal_name", "By profile": "profile_name"}[heading]
                rows = page.tables.rows(f"SELECT {column} AS name, sum(list_cost_usd) AS cost FROM model_costs GROUP BY ALL")
                values = {shown_name(row["name"], "none", 36): row["cost"] for row in rows if row["cost"] is not None}
                bars(page, heading, drawing, values)
            elif heading == "Denied calls by blocked Region and policy":
                rows = page.tables.rows("SELECT blocked_region AS name, count(*) AS calls FROM denials GROUP BY ALL")
                bars(page, heading, drawing, {shown_name(row["name"], "not known", 36): row["calls"] for row in rows})
            elif heading == "What the page rests on":
                table = page.of_caption["Days"]
                found = [(mark.title[:10], mark.value) for mark in drawing.marks]
                expected = [(row[0].text, row[-1].value) for row in table.rows]
                page.check("strip: a cell for each day, with its rejected records", found == expected, found)
                titles = [f"{row[0].text}: {row[1].text}; rejected records: {row[-1].text}" for row in table.rows]
                wrong = [mark.title for mark, title in zip(drawing.marks, titles) if mark.title != title]
                page.check("strip: cells say what the table says", not wrong, wrong)
            else:
                page.check(f"the drawing of '{heading}' is checked", False)
    page.check("there are drawings of every kind", len(n) >= 7, dict(n))


def main():
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        page = Page(name, (folder / f"{name}.html").read_text(), Tables(folder / name))
        for part in (routing, heat, shares, costs, refusals_and_gaps, days, headline, drawings, numbers_without_value):
            part(page)
        unchecked = page.of_caption.keys() - page.checked
        page.check("every table is checked", not unchecked, unchecked)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
