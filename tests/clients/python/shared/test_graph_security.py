"""Graph security over plain REST, as scripts without the large package do."""

import uuid

import pytest

from clew import ALERTS, INCIDENTS, incident, labels

STATUS = {"New": "active", "Active": "inProgress", "Closed": "resolved"}
OURS = "startswith(displayName, 'Impossible travel')"


def get(http, path, **parameters):
    answer = http.get(f"{http.base}/v1.0/security/{path}", params={f"${key}": value for key, value in parameters.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def wanted():
    return [row for row in INCIDENTS if row["Title"].startswith("Impossible travel")]


def graph_id(http, row):
    found = get(http, "incidents", filter=f"displayName eq {literal(row['Title'])}")["value"]
    return next(i["id"] for i in found if i["createdDateTime"][:19] == row["CreatedTime"][:19])


def test_incidents(http):
    found, page = [], get(http, "incidents", filter=OURS, top=2, orderby="createdDateTime asc")
    while True:
        found += page["value"]
        if "@odata.nextLink" not in page:
            break
        page = http.get(page["@odata.nextLink"]).json()
    assert [i["displayName"] for i in found] == [row["Title"] for row in wanted()]
    for got, row in zip(found, wanted()):
        assert (got["severity"], got["status"]) == (row["Severity"].lower(), STATUS[row["Status"]])
        assert got["assignedTo"] == row["Owner"]["userPrincipalName"]
        assert sorted(got["customTags"]) == sorted(labels(row))


def test_an_owner_is_found_by_the_principal_name(http):
    names = {row["Owner"]["userPrincipalName"] for row in wanted()} - {None}
    for name in names:
        found = get(http, "incidents", filter=f"{OURS} and assignedTo eq '{name}'", count="true", top=100)
        same = [row for row in wanted() if row["Owner"]["userPrincipalName"] == name]
        assert sorted(i["displayName"] for i in found["value"]) == sorted(row["Title"] for row in same)
        assert found["@odata.count"] == len(same)
    nobody = get(http, "incidents", filter=f"{OURS} and assignedTo eq null", top=100)["value"]
    assert len(nobody) == len([row for row in wanted() if row["Owner"]["userPrincipalName"] is None])


def test_expanded_alerts(http):
    row = incident(1002)
    one = graph_id(http, row)
    got = get(http, f"incidents/{one}", expand="alerts")
    assert sorted(alert["id"] for alert in got["alerts"]) == sorted(row["AlertIds"])
    assert "alerts" not in get(http, f"incidents/{one}")


def test_alerts(http):
    name = incident(1002)["AlertIds"][0]
    got = get(http, f"alerts_v2/{name}")
    known = ALERTS[name]
    assert (got["title"], got["severity"], got["status"]) == (known["DisplayName"], known["AlertSeverity"].lower(), "new")
    assert {e["@odata.type"].rsplit(".", 1)[-1] for e in got["evidence"]} >= {"userEvidence", "ipEvidence", "deviceEvidence"}
    listed = get(http, "alerts_v2", filter=f"title eq {literal(known['DisplayName'])} and severity eq '{known['AlertSeverity'].lower()}'", top=100)
    same = [a for a in ALERTS.values() if (a["DisplayName"], a["AlertSeverity"]) == (known["DisplayName"], known["AlertSeverity"])]
    assert sorted(a["id"] for a in listed["value"]) == sorted(a["SystemAlertId"] for a in same)


def test_patch(http, fresh):
    made = fresh(title=f"graph {uuid.uuid4().hex}", severity="Low")
    one = get(http, "incidents", filter=f"displayName eq '{made.title}'")["value"][0]
    body = {"status": "resolved", "assignedTo": "eva@fabrikam.example", "classification": "truePositive", "determination": "maliciousUserActivity"}
    answer = http.patch(f"{http.base}/v1.0/security/incidents/{one['id']}", json=body)
    assert answer.status_code == 200, answer.text
    got = get(http, f"incidents/{one['id']}")
    assert (got["status"], got["assignedTo"], got["classification"]) == ("resolved", "eva@fabrikam.example", "truePositive")


def test_hunting(http):
    text = "SigninLogs | summarize n = count() by UserPrincipalName | order by n desc | take 1"
    answer = http.post(f"{http.base}/v1.0/security/microsoft.graph.security.runHuntingQuery", json={"Query": text})
    assert answer.status_code == 200
    body = answer.json()
    assert [column["name"] for column in body["schema"]] == ["UserPrincipalName", "n"]
    assert [(row["UserPrincipalName"].lower(), row["n"]) for row in body["results"]] == [("adelev@m365x816222.onmicrosoft.com", 56)]


@pytest.mark.parametrize("path", ["incidents/999999999", f"alerts_v2/{uuid.uuid4()}"])
def test_unknown(http, path):
    answer = http.get(f"{http.base}/v1.0/security/{path}")
    assert answer.status_code == 404 and answer.json()["error"]["code"]
