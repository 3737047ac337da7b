#!/usr/bin/env python3
"""Asks clew (KQL) and DuckDB (the same questions in SQL) over the same Parquet files, and prints the medians side by side.

    clew generate ...; clew ingest --data DIR ...      # some million events
    clew serve --data DIR --listen 127.0.0.1:8080 &
    python3 -m venv venv && venv/bin/pip install duckdb
    venv/bin/python benches/duckdb_kql.py --data DIR --url http://127.0.0.1:8080

DuckDB reads the files in place (DIR/columns/TABLE/**.parquet). Each question is asked once to warm up and then ROUNDS times; both sides give their
whole answer to this process. A question whose counts differ is marked and does not count. With --duckdb-kql and the PyPI package of that name the
KQL itself goes through that translator instead of the SQL that stands beside it.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time
import urllib.request

import duckdb

TABLES = ["SecurityEvent", "SigninLogs", "SecurityAlert", "OfficeActivity", "AzureActivity", "DnsEvents", "Syslog", "CommonSecurityLog"]

# Name, KQL, SQL: thirty questions of a hunt.
QUESTIONS = [
    ("all events", "SecurityEvent | count", "SELECT count(*) FROM SecurityEvent"),
    ("events by id", "SecurityEvent | summarize n = count() by EventID | sort by n desc, EventID asc", "SELECT EventID, count(*) n FROM SecurityEvent GROUP BY 1 ORDER BY n DESC, 1"),
    ("failed logons by host", "SecurityEvent | where EventID == 4625 | summarize n = count() by Computer | top 20 by n desc", "SELECT Computer, count(*) n FROM SecurityEvent WHERE EventID = 4625 GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("logons by account", "SecurityEvent | where EventID == 4624 | summarize n = count(), hosts = count_distinct(Computer) by TargetUserName | top 20 by n desc", "SELECT TargetUserName, count(*) n, count(DISTINCT Computer) FROM SecurityEvent WHERE EventID = 4624 GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("powershell", "SecurityEvent | where CommandLine contains 'powershell' | count", "SELECT count(*) FROM SecurityEvent WHERE contains(lower(CommandLine), 'powershell')"),
    ("a rare word", "SecurityEvent | where CommandLine has 'mimikatz' | count", r"SELECT count(*) FROM SecurityEvent WHERE regexp_matches(CommandLine, '(?i)(^|[^0-9a-z])mimikatz($|[^0-9a-z])')"),
    ("any of rare words", "SecurityEvent | where CommandLine has_any ('mimikatz', 'procdump', 'sekurlsa') | count", r"SELECT count(*) FROM SecurityEvent WHERE regexp_matches(CommandLine, '(?i)(^|[^0-9a-z])(mimikatz|procdump|sekurlsa)($|[^0-9a-z])')"),
    ("encoded commands", "SecurityEvent | where CommandLine matches regex @'(?i)-enc[a-z]*\\s+[A-Za-z0-9+/=]{16,}' | count", r"SELECT count(*) FROM SecurityEvent WHERE regexp_matches(CommandLine, '(?i)-enc[a-z]*\s+[A-Za-z0-9+/=]{16,}')"),
    ("shells", "SecurityEvent | where EventID == 4688 and NewProcessName endswith @'\\cmd.exe' | count", r"SELECT count(*) FROM SecurityEvent WHERE EventID = 4688 AND ends_with(lower(NewProcessName), '\cmd.exe')"),
    ("rare programs", "SecurityEvent | where EventID == 4688 | summarize n = count() by NewProcessName | where n < 5 | count", "SELECT count(*) FROM (SELECT NewProcessName FROM SecurityEvent WHERE EventID = 4688 GROUP BY 1 HAVING count(*) < 5)"),
    ("parents", "SecurityEvent | where EventID == 4688 | summarize n = count() by ParentProcessName, NewProcessName | top 50 by n asc", "SELECT ParentProcessName, NewProcessName, count(*) n FROM SecurityEvent WHERE EventID = 4688 GROUP BY 1, 2 ORDER BY n LIMIT 50"),
    ("by hour", "SecurityEvent | summarize n = count() by bin(TimeGenerated, 1h) | sort by TimeGenerated asc", "SELECT date_trunc('hour', TimeGenerated) t, count(*) FROM SecurityEvent GROUP BY 1 ORDER BY 1"),
    ("newest hundred", "SecurityEvent | top 100 by TimeGenerated desc | project TimeGenerated, Computer, EventID", "SELECT TimeGenerated, Computer, EventID FROM SecurityEvent ORDER BY TimeGenerated DESC LIMIT 100"),
    ("one host", "SecurityEvent | where Computer == toscalar(SecurityEvent | take 1 | project Computer) | count", "SELECT count(*) FROM SecurityEvent WHERE Computer = (SELECT Computer FROM SecurityEvent LIMIT 1)"),
    ("services", "SecurityEvent | where EventID == 4697 | project TimeGenerated, Computer, ServiceName, ServiceFileName | count", "SELECT count(*) FROM SecurityEvent WHERE EventID = 4697"),
    ("accounts on hosts", "SecurityEvent | distinct Computer, TargetUserName | count", "SELECT count(*) FROM (SELECT DISTINCT Computer, coalesce(TargetUserName, '') FROM SecurityEvent)"),
    ("sign-ins", "SigninLogs | summarize n = count() by ResultType | sort by n desc", "SELECT ResultType, count(*) n FROM SigninLogs GROUP BY 1 ORDER BY n DESC"),
    ("spray", "SigninLogs | where ResultType != '0' | summarize users = count_distinct(UserPrincipalName) by IPAddress | top 20 by users desc", "SELECT IPAddress, count(DISTINCT UserPrincipalName) u FROM SigninLogs WHERE ResultType <> '0' GROUP BY 1 ORDER BY u DESC LIMIT 20"),
    ("places", "SigninLogs | summarize n = count() by UserPrincipalName, Location | summarize places = count() by UserPrincipalName | where places > 1 | count", "SELECT count(*) FROM (SELECT UserPrincipalName FROM (SELECT DISTINCT UserPrincipalName, coalesce(Location, '') FROM SigninLogs) GROUP BY 1 HAVING count(*) > 1)"),
    ("last sign-in", "SigninLogs | summarize arg_max(TimeGenerated, IPAddress) by UserPrincipalName | count", "SELECT count(*) FROM (SELECT UserPrincipalName, arg_max(IPAddress, TimeGenerated) FROM SigninLogs GROUP BY 1)"),
    ("sign-ins of addresses with alerts", "SigninLogs | join kind=leftsemi (OfficeActivity | distinct ClientIP) on $left.IPAddress == $right.ClientIP | count", "SELECT count(*) FROM SigninLogs WHERE IPAddress IN (SELECT ClientIP FROM OfficeActivity)"),
    ("mail rules", "OfficeActivity | where Operation in ('New-InboxRule', 'Set-InboxRule') | count", "SELECT count(*) FROM OfficeActivity WHERE Operation IN ('New-InboxRule', 'Set-InboxRule')"),
    ("downloads", "OfficeActivity | where Operation startswith 'File' | summarize n = count() by UserId | top 20 by n desc", "SELECT UserId, count(*) n FROM OfficeActivity WHERE lower(Operation) LIKE 'file%' GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("alerts by severity", "SecurityAlert | summarize n = count() by AlertSeverity, ProductName | sort by n desc", "SELECT AlertSeverity, ProductName, count(*) n FROM SecurityAlert GROUP BY 1, 2 ORDER BY n DESC"),
    ("alerts by tactic", "SecurityAlert | summarize n = count() by Tactics | top 20 by n desc", "SELECT Tactics, count(*) n FROM SecurityAlert GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("alerts that mention", "SecurityAlert | where Description has 'logon' | count", r"SELECT count(*) FROM SecurityAlert WHERE regexp_matches(Description, '(?i)(^|[^0-9a-z])logon($|[^0-9a-z])')"),
    ("azure changes", "AzureActivity | where OperationNameValue !endswith '/READ' | summarize n = count() by Caller | top 20 by n desc", "SELECT Caller, count(*) n FROM AzureActivity WHERE OperationNameValue IS NULL OR NOT ends_with(upper(OperationNameValue), '/READ') GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("domains", "DnsEvents | summarize clients = count_distinct(ClientIP) by Name | where clients == 1 | count", "SELECT count(*) FROM (SELECT Name FROM DnsEvents GROUP BY 1 HAVING count(DISTINCT ClientIP) = 1)"),
    ("linux programs", "Syslog | summarize n = count() by ProcessName | top 20 by n desc", "SELECT ProcessName, count(*) n FROM Syslog GROUP BY 1 ORDER BY n DESC LIMIT 20"),
    ("firewall", "CommonSecurityLog | summarize bytes = sum(SentBytes), n = count() by DestinationIP | top 20 by n desc", "SELECT DestinationIP, sum(SentBytes), count(*) n FROM CommonSecurityLog GROUP BY 1 ORDER BY n DESC LIMIT 20"),
]


def ask_clew(url, text):
    body = json.dumps({"text": text, "limit": 1_000_000}).encode()
    request = urllib.request.Request(url + "/v1/query", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["rows"]


def median(rounds, ask):
    rows = ask()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        ask()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000, rows


def same(ours, theirs):
    if len(ours) != len(theirs):
        return False
    return len(ours) != 1 or len(ours[0]) != 1 or ours[0][0] == theirs[0][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duckdb-kql", action="store_true", help="send the KQL through the package duckdb-kql")
    arguments = parser.parse_args()
    database = duckdb.connect()
    known = set()
    for table in TABLES:
        files = sorted((arguments.data / "columns" / table).rglob("*.parquet"))
        if files:
            names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet([{names}], union_by_name=true, hive_partitioning=false)")
            known.add(table)
    translate = None
    if arguments.duckdb_kql:
        import duckdb_kql  # its own package on PyPI

        translate = getattr(duckdb_kql, "to_sql", None) or getattr(duckdb_kql, "translate")
    ratios = []
    print(f"{'question':36} {'clew ms':>9} {'DuckDB ms':>10} {'ratio':>6}")
    for name, kql, sql in QUESTIONS:
        if not any(table in kql for table in known) or any(table in kql and table not in known for table in TABLES):
            print(f"{name:36} {'no data':>9}")
            continue
        theirs_text = translate(kql) if translate else sql
        try:
            ours, our_rows = median(arguments.rounds, lambda: ask_clew(arguments.url, kql))
            theirs, their_rows = median(arguments.rounds, lambda: database.execute(theirs_text).fetchall())
        except Exception as error:  # one question that fails ends nothing
            print(f"{name:36} failed: {error}")
            continue
        if not same(our_rows, their_rows):
            print(f"{name:36} {ours:9.1f} {theirs:10.1f}  answers differ: {len(our_rows)} and {len(their_rows)} rows")
            continue
        ratios.append(ours / theirs)
        print(f"{name:36} {ours:9.1f} {theirs:10.1f} {ratios[-1]:6.2f}")
    if not ratios:
        sys.exit("no question could be compared")
    print(f"\nmedian ratio {statistics.median(ratios):.2f} over {len(ratios)} questions (below 1: clew is faster)")


if __name__ == "__main__":
    main()
