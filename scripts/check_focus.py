"""Validates the view focus_1_2 with the FinOps Foundation's validator, and compares its sums with model_costs.

    check_focus.py PROGRAM ENVIRONMENT

ENVIRONMENT is the virtual environment of the validator (scripts/focus-requirements.txt). The view's rows are those
that DuckDB makes with `hoptrail ddl duckdb`, over the sample and over a synthetic month, each with and without
discounts. The rules that fail must be those that an estimate breaks: it has no billed cost and no invoice. Every
failed check is one line; the last line is "N passed, M failed".
"""

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "sample" / "org-trail"
PAYER = "999988887777"
FAILING = {"BilledCost-C-000-M", "BilledCost-C-003-M", "InvoiceId-C-005-C"}
# What AWS has, and the view says something of. Rules about what the view has no columns for are not asked for.
CRITERIA = ["ACCOUNT_NAMING_SUPPORTED", "NEGOTIATED_PRICING_SUPPORTED", "REGION_SUPPORTED", "SUB_ACCOUNT_SUPPORTED"]
# Of the validator's rules, so many pass at least; a validator that reads nothing passes none.
FEWEST_PASSED = 150
# A model that costs nothing at list prices, and something by what was negotiated.
FREE = "mistral.mistral-large-3-675b-instruct"
IMAGES = "amazon.nova-canvas-v1:0"
# What a row of model_costs and its rows of the view have in common.
COMMON = [("dt", "dt"), ("account_id", "SubAccountId"), ("source_region", "RegionId"), ("model_name", "x_ModelName"),
          ("principal_name", "x_PrincipalName"), ("service_tier", "x_ServiceTier"), ("cost_basis", "x_CostBasis"),
          ("cost_gap", "x_CostGap"), ("profile_name", "x_ProfileName"), ("profile_scope", "x_ProfileScope"),
          ("price_version", "x_PriceVersion")]

passed = failed = 0


def check(what, holds, found=""):
    """One check: `what` is the sentence that should be true, `found` what is there instead."""
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {what}: {found}")


def of_documentation():
    """The discounts that docs/discounts.md shows."""
    return (ROOT / "docs" / "discounts.md").read_text().split("```csv\n")[1].split("```")[0]


def write_month(folder):
    """The month of scripts/check-month, with calls that generate images, and its discounts and prices: one model
    is free but for what was negotiated."""
    subprocess.run([ROOT / "scripts" / "check-month", "--write", folder], check=True, stdout=subprocess.DEVNULL)
    trail, logs = folder / "trail" / "events.json", folder / "logs" / "log.json"
    records = json.loads(trail.read_text())["Records"]
    entries = [json.loads(line) for line in logs.read_text().splitlines()]
    size = {"imageGenerationConfig": {"width": 512, "height": 512}}
    for number in (1, 2):
        request = f"request-of-image-{number}"
        made = {**records[0], "eventID": f"image-{number}", "requestID": request, "eventName": "InvokeModel"}
        records.append({**made, "requestParameters": {"modelId": IMAGES}, "additionalEventData": None})
        entries.append({**entries[0], "requestId": request, "operation": "InvokeModel", "modelId": IMAGES,
                        "input": {"inputBodyJson": size}, "output": {"outputImageCount": number}})
    trail.write_text(json.dumps({"Records": records}))
    logs.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    (folder / "prices.csv").write_text(
        "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,usd_per_million,valid_from,"
        "valid_until,source,source_date\n"
        + "".join(f"{FREE},regional,*,standard,0,{kind},0,,,free,2026-11-01\n" for kind in ("input", "output")))
    (folder / "discounts.csv").write_text(of_documentation() + f",0.5,,{FREE},,regional,standard,input,,,annex C\n")


def run(program, dest, *arguments):
    command = [program, "run", "--dest", dest, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"hoptrail run ended with {done.returncode}: {done.stderr}")


def connect(program, dest, *options):
    """DuckDB with the tables and views of a destination."""
    command = [program, "ddl", "duckdb", "--location", str(dest), *options]
    statements = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(statements)
    return connection


def one(connection, query):
    return connection.execute(query).fetchall()[0]


def check_sums(name, connection, has_discounts):
    """Costs and tokens of the view are those of model_costs, to the last digit, in all and by what rows have in
    common."""
    sums = "SUM(ListCost), SUM(ContractedCost), SUM(EffectiveCost)"
    costs = "SUM(list_cost_usd), SUM({0}), SUM({0})".format("COALESCE(contracted_cost_usd, list_cost_usd)")
    found = one(connection, f"SELECT {sums} FROM focus_1_2")
    expected = one(connection, f"SELECT {costs} FROM model_costs")
    check(f"{name}: sums of costs are those of model_costs", found == expected and found[0], (found, expected))
    check(f"{name}: discounts change the contracted cost", (found[0] > found[1]) == has_discounts, found)
    table, view = (", ".join(names) for names in zip(*COMMON))
    tokens = [f"SUM(CASE WHEN x_TokenKind = '{kind}' THEN ConsumedQuantity END)"
              for kind in ("input", "output", "cache_read", "cache_write")]
    counts = [f"SUM(CASE WHEN list_{kind}_cost_usd IS NOT NULL THEN NULLIF({kind}_tokens, 0) END)"
              for kind in ("input", "output", "cache_read", "cache_write")]
    found = connection.execute(f"SELECT {view}, {sums}, {', '.join(tokens)} FROM focus_1_2 GROUP BY ALL").fetchall()
    expected = connection.execute(f"SELECT {table}, {costs}, {', '.join(counts)} FROM model_costs "
                                  "WHERE list_cost_usd IS NOT NULL GROUP BY ALL").fetchall()
    differ = set(found) ^ set(expected)
    check(f"{name}: costs and tokens of {len(expected)} group(s) are those of model_costs", not differ and found,
          sorted(differ, key=str)[:2])


def check_rows(name, connection):
    """What each row says: one condition each, which no row may break."""
    of_tokens = "x_TokenKind <> 'other_units'"
    conditions = {
        "nobody has billed it": "BilledCost IS NULL AND InvoiceId IS NULL AND x_IsEstimate",
        "costs are there": "ListCost IS NOT NULL AND ContractedCost IS NOT NULL AND EffectiveCost = ContractedCost",
        "tokens have a quantity, other units have none": f"(PricingQuantity IS NOT NULL) = ({of_tokens}) "
            f"AND (ConsumedQuantity IS NOT NULL) = ({of_tokens})",
        "the quantity is millions of tokens": "PricingQuantity IS NULL OR (PricingQuantity * 1000000 = ConsumedQuantity "
            "AND PricingUnit = '1000000 Tokens' AND ConsumedUnit = 'Tokens')",
        "a price is of what is sold": "starts_with(SkuPriceId, SkuId || '/') AND ends_with(SkuId, '/' || x_TokenKind)",
        # A price has six places, so that half of the last one times the quantity is what it may be off by.
        "quantity and list price give the cost": "PricingQuantity IS NULL "
            "OR abs(PricingQuantity * ListUnitPrice - ListCost) <= PricingQuantity * 0.0000005",
        "quantity and contracted price give the cost": "PricingQuantity IS NULL "
            "OR abs(PricingQuantity * ContractedUnitPrice - ContractedCost) <= PricingQuantity * 0.0000005",
        "a day is in its month": "ChargePeriodStart = CAST(dt AS timestamp) AND ChargePeriodEnd = ChargePeriodStart "
            "+ INTERVAL 1 DAY AND BillingPeriodStart = date_trunc('month', ChargePeriodStart) "
            "AND BillingPeriodEnd = BillingPeriodStart + INTERVAL 1 MONTH",
        "the payer is billed": f"BillingAccountId = '{PAYER}' AND SubAccountId IS NOT NULL",
        "coverage is a part": "x_Coverage > 0 AND x_Coverage <= 1",
    }
    for what, condition in conditions.items():
        (broken,) = one(connection, f"SELECT count(*) FROM focus_1_2 WHERE ({condition}) IS NOT TRUE")
        check(f"{name}: {what}", broken == 0, f"{broken} row(s) are otherwise")


def check_parts(name, connection):
    """Where all that was negotiated is one contracted cost, each kind of tokens has its part of it."""
    of_row = f"PARTITION BY {', '.join(view for _, view in COMMON)}"
    ((wrong,),) = connection.execute(
        "SELECT count(*) FROM (SELECT abs(CAST(ContractedCost AS double) - CAST(ListCost AS double) * "
        f"SUM(CAST(ContractedCost AS double)) OVER ({of_row}) / SUM(CAST(ListCost AS double)) OVER ({of_row})) AS off, "
        f"SUM(ListCost) OVER ({of_row}) AS list FROM focus_1_2) WHERE list > 0 AND off > 0.000005").fetchall()
    check(f"{name}: contracted costs are in proportion to list costs", wrong == 0, f"{wrong} row(s) are otherwise")


def check_names(name, connection, packages):
    """Columns are FOCUS 1.2's, in its spelling, or begin with x_."""
    model = json.loads((packages / "focus_validator" / "rules" / "model-1.2.0.1.json").read_text())
    known = {rule["Reference"] for rule in model["ModelRules"].values() if rule["Function"] == "Presence"}
    columns = [row[0] for row in connection.execute("DESCRIBE focus_1_2").fetchall()]
    foreign = [column for column in columns if column not in known and not column.startswith("x_") and column != "dt"]
    check(f"{name}: columns are of FOCUS 1.2", known and not foreign, foreign)


def check_rules(name, connection, environment, packages, folder):
    """The validator's rules: those that fail are the ones that an estimate must break."""
    rows, report = folder / f"{name.replace(' ', '-')}.parquet", folder / f"{name.replace(' ', '-')}.xml"
    # The partition is no column of FOCUS.
    connection.execute(f"COPY (SELECT * EXCLUDE (dt) FROM focus_1_2) TO '{rows}' (FORMAT parquet)")
    command = [environment / "bin" / "focus-validator", "--data-file", rows, "--validate-version", "1.2.0.1",
               "--block-download", "--applicability-criteria", ",".join(CRITERIA),
               "--output-type", "unittest", "--output-destination", report]
    # It looks for its rules in the folder that it is started in.
    done = subprocess.run(command, cwd=packages, capture_output=True, text=True)
    if not report.is_file():
        sys.exit(f"the validator wrote no report: {done.stdout}{done.stderr}")
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
    outcome = {case.get("name").split(" ::")[0]: [kind.tag for kind in case] for case in cases}
    found = {rule for rule, kinds in outcome.items() if "failure" in kinds or "error" in kinds}
    check(f"{name}: the rules that fail are the expected ones", found == FAILING, sorted(found ^ FAILING))
    n_passed = sum(1 for kinds in outcome.values() if not kinds)
    check(f"{name}: at least {FEWEST_PASSED} rules pass", n_passed >= FEWEST_PASSED, n_passed)


def main():
    program, environment = (Path(argument).absolute() for argument in sys.argv[1:])
    packages = next(environment.glob("lib/python3*/site-packages"))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        month = folder / "month"
        write_month(month)
        (folder / "discounts.csv").write_text(of_documentation())
        sample = ["--source", SAMPLE, "--from", "2026-10-05", "--to", "2026-10-07"]
        of_month = ["--layout", "any", "--source", month / "trail", "--invocation-logs", month / "logs",
                    "--from", "2026-11-01", "--to", "2026-11-30"]
        destinations = {
            "sample": sample,
            "sample with discounts": [*sample, "--discount", folder / "discounts.csv"],
            "month": of_month,
            "month with discounts": [*of_month, "--discount", month / "discounts.csv",
                                     "--price-overrides", month / "prices.csv"],
        }
        for name, arguments in destinations.items():
            dest = folder / name.replace(" ", "-") / "tables"
            run(program, dest, *arguments)
            connection = connect(program, dest, "--payer", PAYER)
            check_sums(name, connection, "discounts" in name)
            check_rows(name, connection)
            check_parts(name, connection)
            check_names(name, connection, packages)
            check_rules(name, connection, environment, packages, folder)
            if name == "month":
                (units,) = one(connection, "SELECT SUM(ListCost) FROM focus_1_2 WHERE x_TokenKind = 'other_units'")
                check("images are in the month", units, units)
        accounts = connect(program, dest)
        (others,) = one(accounts, "SELECT count(*) FROM focus_1_2 WHERE BillingAccountId <> SubAccountId")
        check("without a payer, each account is billed", others == 0, others)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
