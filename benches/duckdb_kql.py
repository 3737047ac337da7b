#!/usr/bin/env python3
"""Asks clew and DuckDB the same thirty hunting queries in KQL over the same Parquet files, and prints the medians side by side.

    clew generate --events 10000000 made && clew ingest --data DIR made/*.jsonl
    clew serve --data DIR --listen 127.0.0.1:8080 &
    python3 -m venv venv && venv/bin/pip install duckdb duckdb-kql pytz
    venv/bin/python benches/duckdb_kql.py --data DIR --url http://127.0.0.1:8080

DuckDB reads the files in place (DIR/columns/TABLE/**.parquet); the package duckdb-kql translates the KQL, once for each question and outside of
the clock. clew gets the text over HTTP each time and answers in JSON. Each question is asked once to warm up and then ROUNDS times, the two in
turn, so that other load meets both. A question whose answers differ is marked and does not count. `--markdown` prints a table.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import sys
import time
import urllib.request

# This file must not stand in the way of the package of the same name.
sys.path = [place for place in sys.path if pathlib.Path(place).resolve() != pathlib.Path(__file__).resolve().parent]

import duckdb_kql  # noqa: E402

TABLES = ["SecurityEvent", "SigninLogs", "DeviceNetworkEvents", "SecurityAlert"]

# Name, KQL: thirty questions of a hunt.
QUESTIONS = [
    ("all events", "SecurityEvent | count"),
    ("events by id", "SecurityEvent | summarize n = count() by EventID | sort by n desc, EventID asc"),
    ("failed logons by host", "SecurityEvent | where EventID == 4625 | summarize n = count() by Computer | top 20 by n desc"),
    ("hosts of accounts", "SecurityEvent | where EventID == 4624 | distinct TargetUserName, Computer | summarize hosts = count() by TargetUserName | top 20 by hosts desc"),
    ("a program anywhere", "SecurityEvent | where CommandLine contains 'powershell' | count"),
    ("a rare word", "SecurityEvent | where CommandLine has 'mimikatz' | count"),
    ("any of rare words", "SecurityEvent | where CommandLine has_any ('mimikatz', 'procdump', 'sekurlsa') | count"),
    ("encoded commands", r"SecurityEvent | where CommandLine matches regex @'(?i)-enc[a-z]*\s+[A-Za-z0-9+/=]{16,}' | count"),
    ("shells", r"SecurityEvent | where EventID == 4688 and NewProcessName endswith @'\cmd.exe' | count"),
    ("rare programs", "SecurityEvent | where EventID == 4688 | summarize n = count() by NewProcessName | where n < 5 | count"),
    ("parents", "SecurityEvent | where EventID == 4688 | summarize n = count() by ParentProcessName, NewProcessName | count"),
    ("by hour", "SecurityEvent | summarize n = count() by bin(TimeGenerated, 1h) | sort by TimeGenerated asc"),
    ("newest hundred", "SecurityEvent | top 100 by TimeGenerated desc | project TimeGenerated, Computer, EventID"),
    ("one day", "SecurityEvent | where TimeGenerated between (datetime(2025-06-03) .. datetime(2025-06-04)) | summarize n = count() by Account | top 10 by n desc"),
    ("one host", "SecurityEvent | where Computer startswith 'srv-00003' | summarize begin = min(TimeGenerated), n = count() by Computer | count"),
    ("accounts on hosts", "SecurityEvent | distinct Computer, TargetUserName | count"),
    ("last logon", "SecurityEvent | where EventID == 4624 | summarize arg_max(TimeGenerated, Computer) by TargetUserName | count"),
    ("sign-ins by result", "SigninLogs | summarize n = count() by ResultType | sort by n desc"),
    ("spray", "SigninLogs | where ResultType != '0' | distinct IPAddress, UserPrincipalName | summarize users = count() by IPAddress | where users > 5 | count"),
    ("places", "SigninLogs | distinct UserPrincipalName, Location | summarize places = count() by UserPrincipalName | where places > 1 | count"),
    ("cities", "SigninLogs | extend city = tostring(LocationDetails.city) | summarize n = count() by city | sort by n desc, city asc"),
    ("old browsers", "SigninLogs | where tostring(DeviceDetail.browser) startswith 'Chrome' | summarize n = count() by UserPrincipalName | count"),
    ("addresses of users", "SigninLogs | where ResultType == '0' | summarize ips = make_set(IPAddress) by UserPrincipalName | where array_length(ips) > 3 | count"),
    ("first seen places", "SigninLogs | summarize begin = min(TimeGenerated) by UserPrincipalName, Location | summarize n = count() by bin(begin, 1d) | count"),
    ("connections by port", "DeviceNetworkEvents | summarize n = count() by RemotePort, ActionType | sort by n desc, RemotePort asc"),
    ("rare programs that connect", "DeviceNetworkEvents | where RemoteIPType == 'Public' | distinct InitiatingProcessFileName, DeviceName | summarize hosts = count() by InitiatingProcessFileName | where hosts == 1 | count"),
    ("beacons", "DeviceNetworkEvents | summarize n = count() by DeviceName, RemoteIP, bin(TimeGenerated, 1h) | summarize hours = count(), n = sum(n) by DeviceName, RemoteIP | where n > 3 and hours > 3 | count"),
    ("addresses of sign-ins that hosts talk to", "DeviceNetworkEvents | join kind=inner (SigninLogs | where ResultType != '0' | distinct IPAddress) on $left.RemoteIP == $right.IPAddress | count"),
    ("alerts by severity", "SecurityAlert | summarize n = count() by AlertSeverity, ProviderName | sort by n desc, AlertSeverity asc, ProviderName asc"),
    ("alerts that mention", "SecurityAlert | where Description has 'behaviour' | summarize n = count() by bin(TimeGenerated, 1d) | count"),
]


def ask_clew(url, text):
    body = json.dumps({"text": text, "limit": 1_000_000}).encode()
    request = urllib.request.Request(url + "/v1/query", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["rows"]


def timed(ask):
    begin = time.perf_counter()
    rows = ask()
    return time.perf_counter() - begin, rows


def plain(cell):
    """A cell as both sides can give it: instants to the microsecond, numbers as numbers, no null text."""
    if isinstance(cell, datetime.datetime):
        return cell.replace(tzinfo=None).isoformat(timespec="microseconds")
    if isinstance(cell, str) and len(cell) == 28 and cell.endswith("Z"):
        return cell[:-2]
    return "" if cell is None else cell


def same(ours, theirs):
    if len(ours) != len(theirs):
        return False
    rows = lambda side: sorted(json.dumps([plain(cell) for cell in row], default=str) for row in side)
    # Of the first rows by a number, which of equal ones come is open: their numbers must be the same.
    numbers = lambda side: sorted(str([cell for cell in row if isinstance(cell, (int, float))]) for row in side)
    return rows(ours) == rows(theirs) or (len(ours) in (10, 20, 100) and numbers(ours) == numbers(theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    database = duckdb_kql.connect()
    schema = {}
    for table in TABLES:
        files = sorted((arguments.data / "columns" / table).rglob("*.parquet"))
        if not files:
            sys.exit(f"no files of {table} in {arguments.data}")
        names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        read = f"SELECT * FROM read_parquet([{names}], union_by_name=true, hive_partitioning=false)"
        columns = {row[0]: row[1] for row in database.execute(f"DESCRIBE {read}").fetchall()}
        # Dynamic columns are JSON texts in the files; DuckDB is told so.
        dynamic = [name for name in ("LocationDetails", "DeviceDetail") if columns.get(name) == "VARCHAR"]
        replaced = f" REPLACE ({', '.join(f'{name}::JSON AS {name}' for name in dynamic)})" if dynamic else ""
        database.execute(f"CREATE VIEW {table} AS {read.replace('SELECT *', 'SELECT *' + replaced)}")
        schema[table] = list(columns)
    ratios, rows = [], []
    for name, kql in QUESTIONS:
        try:
            sql = str(duckdb_kql.to_sql(kql, schema=schema))
            both = [lambda: ask_clew(arguments.url, kql), lambda: database.execute(sql).fetchall()]
            answers = [ask() for ask in both]
            times = [[], []]
            for _ in range(arguments.rounds):
                for side, ask in enumerate(both):
                    times[side].append(timed(ask)[0])
        except Exception as error:  # one question that fails ends nothing
            rows.append((name, None, None, f"failed: {str(error).splitlines()[0]}"))
            continue
        ours, theirs = (statistics.median(side) * 1000 for side in times)
        if same(*answers):
            ratios.append(ours / theirs)
            rows.append((name, ours, theirs, f"{ratios[-1]:.2f}"))
        else:
            rows.append((name, ours, theirs, f"answers differ: {len(answers[0])} and {len(answers[1])} rows"))
    if arguments.markdown:
        print("| question | clew ms | DuckDB ms | ratio |\n|---|---:|---:|---:|")
    for name, ours, theirs, verdict in rows:
        shown = [f"{side:.1f}" if side is not None else "-" for side in (ours, theirs)]
        print(f"| {name} | {shown[0]} | {shown[1]} | {verdict} |" if arguments.markdown else f"{name:42} {shown[0]:>9} {shown[1]:>9}  {verdict}")
    if not ratios:
        sys.exit("no question could be compared")
    faster = sum(ratio < 1 for ratio in ratios)
    print(f"\nmedian ratio {statistics.median(ratios):.2f} over {len(ratios)} questions; clew is faster in {faster}")


if __name__ == "__main__":
    main()
