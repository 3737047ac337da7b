"""Log Analytics: one query, by resource, a batch, spans of time, values of every type, and errors."""

import datetime
import json

import pytest
from azure.core.exceptions import HttpResponseError
from azure.monitor.query import LogsBatchQuery, LogsQueryClient, LogsQueryStatus

from clew import DEFENDER_ALERTS, INCIDENTS, SCOPE, owner

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def logs(server, credential):
    return LogsQueryClient(credential, endpoint=f"{server.url}/v1")


def rows(answer):
    assert answer.status == LogsQueryStatus.SUCCESS
    assert [table.name for table in answer.tables] == ["PrimaryResult"]
    return [list(row) for row in answer.tables[0].rows]


def ask(logs, text, timespan=None, **more):
    return rows(logs.query_workspace("default", text, timespan=timespan, **more))


# Counted in datasets/*/truth.toml by other means.
FACTS = [
    ("SigninLogs | where IPAddress == '175.45.176.99' | count", [[60]]),
    ("OfficeActivity | where ClientIP == '175.45.176.99' | count", [[173]]),
    ("AzureActivity | where OperationNameValue =~ 'MICROSOFT.KEYVAULT/VAULTS/DELETE' | count", [[6]]),
    ("WindowsEvent | where Provider == 'Microsoft-Windows-Sysmon' and EventID == 3 and DestinationIp == '10.0.5.13' | count", [[7]]),
    (
        "SecurityEvent | where Computer has 'prd01' and EventID in (4624, 4625, 4688) | summarize n = count() by EventID | order by EventID asc",
        [[4624, 8], [4625, 2], [4688, 55]],
    ),
    ("Syslog | summarize n = count(), hosts = dcount(Computer)", [[143, 1]]),
    ("SecurityAlert | where ProductName == 'Amazon GuardDuty' | summarize n = count() by AlertSeverity | where AlertSeverity == 'High'", [["High", 4]]),
]


@pytest.mark.parametrize("text,wanted", FACTS, ids=[text[:60] for text, _ in FACTS])
def test_counted_facts(logs, text, wanted):
    assert ask(logs, text) == wanted


NEWEST = "SecurityIncident | summarize arg_max(LastModifiedTime, *) by IncidentName | where IncidentNumber between (1001 .. 1025)"


def test_incidents_begin_with_their_newest_row(logs):
    wanted = {}
    for row in INCIDENTS:
        wanted[row["Severity"]] = wanted.get(row["Severity"], 0) + 1
    assert dict(ask(logs, f"{NEWEST} | summarize count() by Severity")) == wanted


def test_dynamic_cells_are_json_text(logs):
    found = ask(logs, f"{NEWEST} | project IncidentNumber, Owner, AlertIds | order by IncidentNumber asc")
    assert [row[0] for row in found] == list(range(1001, 1026))
    for row, known in zip(found, INCIDENTS):
        assert (json.loads(row[1]).get("email") or None) == owner(known)
        assert set(known["AlertIds"]) <= set(json.loads(row[2]))


def test_alerts_joined_with_incidents(logs):
    text = f"""{NEWEST} | mv-expand AlertId = todynamic(AlertIds) to typeof(string)
        | join kind=inner (SecurityAlert | summarize arg_max(TimeGenerated, *) by SystemAlertId) on $left.AlertId == $right.SystemAlertId
        | summarize alerts = dcount(SystemAlertId) by IncidentNumber | where alerts == 3 | summarize count()"""
    assert ask(logs, text)[0][0] >= sum(len(row["AlertIds"]) == 3 for row in INCIDENTS)


TYPES = """print a = true, b = 7, c = long(9007199254740993), d = 1.5, e = 'Köln', f = datetime(2024-03-04 05:06:07.1234567),
    g = 1d + 2h + 3s, h = dynamic({"k": [1, null]}), i = guid(6f9619ff-8b86-d011-b42d-00c04fc964ff), j = decimal(12.50), k = int(null),
    l = '', m = real(nan)"""


def test_values_of_every_type(logs):
    answer = logs.query_workspace("default", TYPES, timespan=None)
    table = answer.tables[0]
    types = dict(zip(table.columns, table.columns_types if hasattr(table, "columns_types") else []))
    if types:
        assert types == {
            **{"a": "bool", "b": "long", "c": "long", "d": "real", "e": "string", "f": "datetime", "g": "timespan"},
            **{"h": "dynamic", "i": "guid", "j": "decimal", "k": "int", "l": "string", "m": "real"},
        }
    row = table.rows[0]
    assert (row["a"], row["b"], row["c"], row["d"], row["e"]) == (True, 7, 9007199254740993, 1.5, "Köln")
    assert row["f"] == datetime.datetime(2024, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)
    assert row["g"] == "1.02:00:03" and json.loads(row["h"]) == {"k": [1, None]}
    assert row["i"] == "6f9619ff-8b86-d011-b42d-00c04fc964ff" and row["k"] is None and row["l"] == ""
    assert float(row["j"]) == 12.5 and (row["m"] == "NaN" or row["m"] is None)


DAY = datetime.datetime(2021, 4, 28, tzinfo=UTC)
SPANS = [
    (None, 60),
    ((DAY, DAY + datetime.timedelta(days=1)), 56),
    ((DAY, datetime.timedelta(hours=14, minutes=30)), None),
    (datetime.timedelta(days=1), 0),
]


@pytest.mark.parametrize("span,wanted", SPANS, ids=["none", "from-to", "from-duration", "duration"])
def test_timespan(logs, span, wanted):
    found = ask(logs, "SigninLogs | where IPAddress == '175.45.176.99' | count", timespan=span)[0][0]
    if wanted is None:
        end = "2021-04-28T14:30:00Z"
        text = f"SigninLogs | where IPAddress == '175.45.176.99' and TimeGenerated between (datetime(2021-04-28) .. datetime({end})) | count"
        wanted = ask(logs, text)[0][0]
        assert 0 < wanted < 56
    assert found == wanted


def test_statistics_and_render(logs):
    text = "SecurityAlert | summarize count() by AlertSeverity | render barchart"
    answer = logs.query_workspace("default", text, timespan=None, include_statistics=True, include_visualization=True)
    assert answer.statistics["query"]["executionTime"] >= 0
    assert answer.visualization["visualization"] == "barchart"


def test_by_resource(logs):
    assert rows(logs.query_resource(SCOPE, "AzureActivity | count", timespan=None)) == [[23]]
    # A resource has the rows that are about it, a resource group those of all that it holds.
    resource = DEFENDER_ALERTS[0]["properties"]["resourceIdentifiers"][0]["azureResourceId"]
    group = resource.split("/providers/")[0]
    for scope in (resource, group):
        under = lambda text: f"{text.lower()}/".startswith(f"{scope.lower()}/")
        about = [alert for alert in DEFENDER_ALERTS if any(under(text) for text in strings(alert["properties"]))]
        found = rows(logs.query_resource(scope, "SecurityAlert | distinct SystemAlertId", timespan=None))
        assert sorted(name for (name,) in found) == sorted(alert["name"] for alert in about), scope
    assert 0 < len(about) < len(DEFENDER_ALERTS)


def strings(value):
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from strings(inner)


def test_two_tables_of_one_query(logs):
    answer = logs.query_workspace("default", "AzureActivity | count; SigninLogs | where UserPrincipalName has 'adelev' | count", timespan=None)
    assert [list(table.rows[0]) for table in answer.tables] == [[23], [56]]


def test_more_workspaces_of_the_same_name(logs):
    assert ask(logs, "AzureActivity | count", additional_workspaces=["default"]) == [[23]]


def test_batch(logs):
    requests = [
        LogsBatchQuery(workspace_id="default", query="AzureActivity | count", timespan=None),
        LogsBatchQuery(workspace_id="default", query="NoSuchTable | count", timespan=None),
        LogsBatchQuery(workspace_id="default", query="Syslog | count", timespan=None, include_statistics=True),
    ]
    first, second, third = logs.query_batch(requests)
    assert rows(first) == [[23]] and rows(third) == [[143]]
    assert second.status == LogsQueryStatus.FAILURE and second.code == "BadArgumentError"
    assert "NoSuchTable" in second.message or "NoSuchTable" in str(second.details)


MISTAKES = [
    ("SecurityAlert | where", "SYN0002"),
    ("NoSuchTable | take 1", "SEM0100"),
    ("SecurityAlert | project NoSuchColumn", "SEM0100"),
]


@pytest.mark.parametrize("text,code", MISTAKES)
def test_mistakes(logs, text, code):
    with pytest.raises(HttpResponseError) as error:
        logs.query_workspace("default", text, timespan=None)
    assert (error.value.status_code, error.value.error.code) == (400, "BadArgumentError")
    assert error.value.error.innererror["code"] == code
    named = {"NoSuchTable | take 1": "NoSuchTable", "SecurityAlert | project NoSuchColumn": "NoSuchColumn"}.get(text, "")
    assert named in error.value.message


def test_without_the_version_in_the_path(http):
    answer = http.post(f"{http.base}/workspaces/default/query", json={"query": "AzureActivity | count", "timespan": "P36500D"})
    assert (answer.status_code, answer.json()["tables"][0]["rows"]) == (200, [[23]])
    answer = http.get(f"{http.base}/v1/workspaces/default/query", params={"query": "AzureActivity | count"})
    assert (answer.status_code, answer.json()["tables"][0]["rows"]) == (200, [[23]])


def test_the_rows_that_a_limit_leaves_come_with_a_partial_error(logs):
    """Half a million rows are an answer; more are cut, and the answer says so."""
    answer = logs.query_workspace("default", "range x from 1 to 500001 step 1 | where x > 0", timespan=None)
    assert answer.status == LogsQueryStatus.PARTIAL
    assert answer.partial_error.code == "PartialError"
    assert len(answer.partial_data[0].rows) == 500000
