"""Azure Resource Graph over alerts and assessments."""

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from clew import DEFENDER_ALERTS, DEFENDER_SUBSCRIPTION, values


@pytest.fixture(scope="module")
def graph(server, credential):
    return ResourceGraphClient(credential, base_url=server.url)


OURS = "securityresources | where type =~ 'microsoft.security/locations/alerts' and name startswith '2517'"


def ask(graph, text, **options):
    request = QueryRequest(subscriptions=[DEFENDER_SUBSCRIPTION], query=text, options=QueryRequestOptions(**options))
    return graph.resources(request)


def test_alerts(graph):
    answer = ask(graph, f"{OURS} | project id, name, severity = tostring(properties.severity), host = properties.compromisedEntity | order by name asc")
    wanted = sorted(DEFENDER_ALERTS, key=lambda a: a["name"])
    assert (answer.total_records, answer.count, answer.result_truncated) == (12, 12, "false")
    assert [row["name"] for row in answer.data] == [a["name"] for a in wanted]
    assert [row["id"].lower() for row in answer.data] == [a["id"].lower() for a in wanted]
    assert [(row["severity"], row["host"]) for row in answer.data] == [
        (a["properties"]["severity"], a["properties"]["compromisedEntity"]) for a in wanted
    ]


def test_as_a_table(graph):
    answer = ask(graph, f"{OURS} | summarize n = count() by severity = tostring(properties.severity) | order by severity asc", result_format="table")
    counts = {}
    for alert in DEFENDER_ALERTS:
        counts[alert["properties"]["severity"]] = counts.get(alert["properties"]["severity"], 0) + 1
    assert [column["name"] for column in answer.data["columns"]] == ["severity", "n"]
    assert answer.data["rows"] == [[severity, counts[severity]] for severity in sorted(counts)]


def test_pages(graph):
    text, found, token = f"{OURS} | project name | order by name asc", [], None
    for _ in range(10):
        answer = ask(graph, text, top=5, skip_token=token)
        assert answer.total_records == 12
        found += [row["name"] for row in answer.data]
        token = answer.skip_token
        if not token:
            break
    assert found == sorted(a["name"] for a in DEFENDER_ALERTS)
    assert [row["name"] for row in ask(graph, text, top=3, skip=10).data] == found[10:]


def test_assessments(graph):
    answer = ask(
        graph,
        """securityresources | where type =~ 'microsoft.security/assessments'
        | summarize n = count() by code = tostring(properties.status.code) | order by code asc""",
    )
    counts = {}
    for one in values("assessments.json"):
        code = one["properties"]["status"]["code"]
        counts[code] = counts.get(code, 0) + 1
    assert [(row["code"], row["n"]) for row in answer.data] == sorted(counts.items())


def test_a_mistake(graph):
    with pytest.raises(HttpResponseError) as error:
        ask(graph, "securityresources | where")
    assert error.value.status_code == 400 and error.value.error.code == "BadRequest"


def test_operations(graph, defender):
    assert "Microsoft.ResourceGraph/resources/action" in [operation.name for operation in graph.operations.list()]
    names = [operation.name for operation in defender.operations.list()]
    assert len(names) == len(set(names)) and {"Microsoft.Security/alerts/read", "Microsoft.Security/assessments/read"} <= set(names)
