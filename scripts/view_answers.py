"""What the views say, worked out a second time: from single calls in plain Python, as the documentation puts it.

`ANSWERS` has a function for each view; `focus_1_2` is that of scripts/check_focus.py. Each takes the tables, as lists
of rows, and gives the view's rows. scripts/check-views compares them with the view's SQL in DuckDB, in the columns
that both have.
"""

import collections
import datetime
import decimal

# Sums of DECIMAL(38, 12) have more digits than Python's decimals have by default.
decimal.getcontext().prec = 60
WAY = ["dt", "account_id", "source_region", "target_type", "profile_scope", "model_id", "model_name"]
APPROVED = {"us-east-1", "eu-central-1"}
APPROVED_OF = {"111122223333": {"us-east-2"}}


def grouped(rows, keys):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return [(dict(zip(keys, values)), of_group) for values, of_group in groups.items()]


def total(rows, key):
    """None if no row has a value."""
    values = [row[key] for row in rows if row[key] is not None]
    return sum(values) if values else None


def succeeded(rows):
    return [row for row in rows if row["outcome"] == "succeeded"]


def is_approved(account, region):
    if region is None:
        return None
    return region in APPROVED or region in APPROVED_OF.get(account, set())


def routing_share(tables):
    calls = [row for row in succeeded(tables["invocations"]) if row["inference_region"]]
    for _, sent in grouped(calls, WAY):
        for key, ran in grouped(sent, [*WAY, "inference_region", "residency"]):
            yield {**key, "succeeded_calls": len(ran), "share": len(ran) / len(sent)}


def routing_spread(tables):
    calls = [row for row in succeeded(tables["invocations"]) if row["inference_region"]]
    for key, sent in grouped(calls, WAY):
        counts = collections.Counter(row["inference_region"] for row in sent)
        top = min(counts, key=lambda region: (-counts[region], region))
        inferred = sum(1 for row in sent if row["inference_region_basis"] == "source")
        home = sum(1 for row in sent if row["inference_region"] == row["source_region"])
        declared = [row["declared_destinations"] for row in sent if row["declared_destinations"] is not None]
        yield {**key, "succeeded_calls": len(sent), "used_regions": len(counts),
               "declared_destinations": max(declared, default=None),
               "effective_regions": float(len(sent) ** 2) / float(sum(n * n for n in counts.values())),
               "top_region": top, "top_share": counts[top] / len(sent), "away_calls": len(sent) - home,
               "home_logged_calls": home - inferred, "home_inferred_calls": inferred}


def residency_exceptions(tables):
    for row in tables["invocations"]:
        if row["residency"] == "other_jurisdiction" or row["is_declared"] is False:
            yield row


def costs(tables, keys):
    calls = {tuple(key.values()): rows for key, rows in grouped(tables["invocations"], keys)}
    for key, rows in grouped(tables["model_costs"], keys):
        of_key = calls[tuple(key.values())]
        basis = collections.Counter(row["cost_basis"] for row in of_key)
        priced = [row for row in of_key if row["list_cost_usd"] is not None]
        upper = [row["list_cost_usd"] if row["list_cost_max_usd"] is None else row["list_cost_max_usd"] for row in rows]
        upper = [value for value in upper if value is not None]
        yield {**key, "calls": len(of_key), "succeeded_calls": len(succeeded(of_key)), "calls_priced": len(priced),
               "calls_lower_bound": basis["lower_bound"], "calls_estimated": basis["estimate"],
               "calls_with_tokens": total(rows, "calls_with_tokens"),
               "calls_with_units": total(rows, "calls_with_units"), "calls_unpriced": total(rows, "calls_unpriced"),
               **{name: total(of_key, name) for name in
                  ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "list_cost_usd",
                   "contracted_cost_usd")},
               "list_cost_max_usd": sum(upper) if upper else None}


def daily_model_cost(tables):
    return costs(tables, ["dt", "model_id", "model_name"])


def chargeback(tables):
    return costs(tables, ["dt", "account_id", "principal_name", "profile_name", "model_id", "model_name"])


def denials_by_region(tables):
    same = ["dt", "account_id", "principal_name", "source_region", "target_type", "profile_scope", "model_id"]
    ran = {tuple(key.values()): rows for key, rows in grouped(succeeded(tables["invocations"]), same)}
    keys = ["dt", "blocked_region", "policy_type", "policy_arn", "leg", "profile_scope", "model_id"]
    for key, rows in grouped(tables["denials"], keys):
        callers = grouped([row for row in rows if row["model_basis"] == "call"], same)
        home = away = there = 0
        for caller, _ in callers:
            for row in ran.get(tuple(caller.values()), []):
                home += row["inference_region"] == row["source_region"]
                away += row["inference_region"] not in (None, row["source_region"])
                there += row["inference_region"] is not None and row["inference_region"] == key["blocked_region"]
        cause = None
        if key["policy_type"] is not None:
            cause = "policy"
        elif callers:
            cause = "likely_policy" if home + away == 0 else "likely_change" if there else "likely_hop"
        named = lambda row: row["account_id"] is not None and row["principal_name"] is not None
        times = [row["event_time"] for row in rows]
        yield {**key, "denied_calls": len(rows), "accounts": len({row["account_id"] for row in rows} - {None}),
               "principals": len({(row["account_id"], row["principal_name"]) for row in rows if named(row)}),
               "first_seen": min(times), "last_seen": max(times), "cause": cause,
               "succeeded_home_calls": home if callers else None, "succeeded_away_calls": away if callers else None,
               "succeeded_there_calls": there if callers else None}


def throttling(tables):
    calls = [{**row, "event_hour": row["event_time"].replace(minute=0, second=0, microsecond=0)}
             for row in tables["invocations"]]
    reasons = {"throttled_requests": "too_many_requests", "throttled_tokens": "too_many_tokens",
               "throttled_tokens_per_day": "tokens_per_day"}
    for key, rows in grouped(calls, ["event_hour", *WAY]):
        minutes = collections.defaultdict(list)
        for row in rows:
            minutes[row["event_time"].replace(second=0, microsecond=0)].append(row)
        counted = [sum((row[name] or 0) for row in of_minute if row["token_source"] for name in
                       ("input_tokens", "cache_write_tokens", "output_tokens"))
                   for of_minute in minutes.values() if any(row["token_source"] for row in of_minute)]
        throttled = [row for row in rows if row["outcome"] == "throttled"]
        by_reason = {name: sum(1 for row in throttled if row["error_reason"] == reason)
                     for name, reason in reasons.items()}
        ok = succeeded(rows)
        away = sum(1 for row in ok if row["inference_region"] not in (None, row["source_region"]))
        yield {**key, "calls": len(rows), "succeeded_calls": len(ok), "throttled_calls": len(throttled), **by_reason,
               "throttled_other": len(throttled) - sum(by_reason.values()),
               "peak_calls": max(len(of_minute) for of_minute in minutes.values()),
               "peak_tokens": max(counted, default=None), "away_calls": away,
               "away_share": away / len(ok) if ok else None}


def region_footprint(tables):
    sums = collections.defaultdict(collections.Counter)
    opt_in = collections.defaultdict(set)
    add = lambda row, region, name, n=1: sums[row["dt"], row["account_id"], region].update({name: n})
    for row in tables["invocations"]:
        add(row, row["source_region"], "sent_calls")
        if row["inference_region"] is not None:
            add(row, row["inference_region"], "", 0)
            opt_in[row["dt"], row["account_id"], row["inference_region"]].add(row["inference_region_opt_in"])
            if row["inference_region"] != row["source_region"] and row["outcome"] == "succeeded":
                add(row, row["inference_region"], "served_calls")
    for row in tables["denials"]:
        if row["blocked_region"] != "unspecified":
            add(row, row["blocked_region"], "denied_calls")
    for row in tables["other_activity"]:
        add(row, row["source_region"], "other_events", row["events"])
    for row in tables["ingest"]:
        if row["delivery_day"] == row["dt"]:
            add(row, row["region"], "other_records", row["skipped"])
    names = ["sent_calls", "served_calls", "denied_calls", "other_events", "other_records"]
    for (day, account, region), counts in sums.items():
        if region is not None:
            known = opt_in[day, account, region] - {None}
            yield {"dt": day, "account_id": account, "region": region, **{name: counts[name] for name in names},
                   "is_inference_only": counts["served_calls"] > 0 and not any(
                       counts[name] for name in ("sent_calls", "other_events", "other_records")),
                   "approved": is_approved(account, region), "opt_in": any(known) if known else None}


def outside_approved_regions(tables):
    keys = ["dt", "account_id", "target_type", "profile_id", "model_id", "model_name", "source_region",
            "inference_region", "inference_region_opt_in", "profile_scope"]
    calls = [row for row in tables["invocations"] if is_approved(row["account_id"], row["inference_region"]) is False]
    for key, rows in grouped(calls, keys):
        is_direct = key["profile_scope"] is None and key["profile_id"] is None
        yield {**key, "is_direct": is_direct and key["source_region"] == key["inference_region"], "calls": len(rows),
               "principals": len({row["principal_name"] for row in rows} - {None})}


def nearest_rank(values, percent):
    values = sorted(value for value in values if value is not None)
    return values[-(-percent * len(values) // 100) - 1] if values else None


def latency_by_region(tables):
    keys = ["dt", "target_type", "profile_id", "model_id", "model_name", "source_region", "inference_region"]
    calls = [row for row in succeeded(tables["invocations"]) if row["inference_region"] is not None]
    for key, rows in grouped(calls, keys):
        latency, first = ([row[name] for row in rows] for name in ("latency_ms", "first_byte_ms"))
        token = [row["latency_ms"] / row["output_tokens"] for row in rows
                 if row["latency_ms"] is not None and row["output_tokens"]]
        if any(value is not None for value in latency):
            yield {**key, "succeeded_calls": len(rows), "calls_with_latency": len(rows) - latency.count(None),
                   "latency_p50_ms": nearest_rank(latency, 50), "latency_p95_ms": nearest_rank(latency, 95),
                   "calls_with_first_byte": len(rows) - first.count(None), "first_byte_p50_ms": nearest_rank(first, 50),
                   "first_byte_p95_ms": nearest_rank(first, 95), "calls_with_output": len(token),
                   "ms_per_output_token_p50": nearest_rank(token, 50),
                   "ms_per_output_token_p95": nearest_rank(token, 95)}


def destination_use(tables):
    for row in tables["profile_destinations"]:
        is_used = row["succeeded_calls"] > 0
        yield {**row, "is_used": is_used, "used_on": row["dt"] if is_used else None}


def unresolved(tables):
    return tables["unresolved_models"]


def ingest_health(tables):
    names = ["bytes", "records", "calls", "skipped", "rejected", "written", "duplicates", "other_day"]
    for key, rows in grouped(tables["ingest"], ["dt"]):
        sums = {name: total(rows, name) for name in names}
        adds_up = (sums["records"] == sums["calls"] + sums["skipped"] + sums["rejected"]
                   and sums["calls"] == sums["written"] + sums["duplicates"] + sums["other_day"])
        yield {**key, **sums, "objects": len(rows), "adds_up": adds_up,
               "unreadable_objects": sum(1 for row in rows if row["status"] == "unreadable"),
               "mismatched_objects": sum(1 for row in rows if row["digest_status"] == "mismatch")}


def named(answer):
    """With the name and the organizational unit of the account; of an account that is listed twice, the later ones in
    their order."""
    def with_names(tables):
        listed = collections.defaultdict(list)
        for row in tables.get("accounts", []):
            listed[row["account_id"]].append(row)
        latest = lambda rows, key: max((row[key] for row in rows if row[key] is not None), default=None)
        for row in answer(tables):
            names = listed[row["account_id"]]
            yield {**row, "account_name": latest(names, "name"), "ou": latest(names, "ou")}
    return with_names


ANSWERS = {answer.__name__: answer for answer in (
    routing_share, routing_spread, residency_exceptions, daily_model_cost, chargeback, denials_by_region, throttling,
    region_footprint, outside_approved_regions, latency_by_region, destination_use, unresolved, ingest_health)}
ANSWERS |= {name: named(ANSWERS[name]) for name in (
    "residency_exceptions", "chargeback", "region_footprint", "outside_approved_regions")}
TABLES = ["accounts", "invocations", "model_costs", "denials", "other_activity", "ingest", "profile_destinations",
          "unresolved_models"]
# Of these, days that were changed by hand have the same answers: they rest on one table.
OF_ONE_TABLE = {"latency_by_region", "residency_exceptions", "throttling", "ingest_health", "outside_approved_regions"}


def rows_of(connection, table):
    """A table or view of DuckDB as rows, times without a zone, in UTC."""
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    plain = lambda value: value.astimezone(datetime.timezone.utc).replace(tzinfo=None) if getattr(
        value, "tzinfo", None) else value
    return [dict(zip(names, map(plain, row))) for row in cursor.fetchall()]


def compare(connection, name, tables):
    """Rows that only the view has, and rows that only the answer has; and how many columns they were compared in."""
    by_view, by_answer = rows_of(connection, name), list(ANSWERS[name](tables))
    if not by_view or not by_answer:
        return by_view, by_answer, 0
    columns = [column for column in by_view[0] if column in by_answer[0]]
    texts = lambda rows: collections.Counter(tuple(repr(row[column]) for column in columns) for row in rows)
    one, other = texts(by_view), texts(by_answer)
    return list(one - other), list(other - one), len(columns)
