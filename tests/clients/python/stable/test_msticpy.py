"""A notebook's day with msticpy's MicrosoftSentinel: nothing but msticpyconfig.yaml names us."""

import os
import uuid

import pytest

from clew import ALERTS, INCIDENTS, SCOPE, alerts_of, entities_of, incident


@pytest.fixture(scope="module")
def notebook(server, tmp_path_factory):
    config = tmp_path_factory.mktemp("msticpy") / "msticpyconfig.yaml"
    config.write_text(f"Azure:\n  cloud: global\n  resource_manager_url: {server.url}\n  auth_methods: [msi]\n")
    given = {
        "MSTICPYCONFIG": str(config),
        "IDENTITY_ENDPOINT": f"{server.url}/msi/token",
        "IDENTITY_HEADER": server.token,
        "HOME": str(config.parent),
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    from msticpy.auth import cloud_mappings
    from msticpy.context.azure import MicrosoftSentinel

    # Under pytest it would take the addresses of Microsoft's cloud from a file of its own instead of asking for them.
    cloud_mappings.unit_testing = lambda: False

    sentinel = MicrosoftSentinel(resource_id=SCOPE)
    sentinel.connect(auth_methods=["msi"])
    yield sentinel
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def test_incidents(notebook):
    listed = notebook.list_incidents({"$top": 1000, "$filter": "properties/incidentNumber ge 1001 and properties/incidentNumber le 1025"})
    assert sorted(listed["properties.incidentNumber"]) == list(range(1001, 1026))
    assert dict(zip(listed["name"], listed["properties.severity"])) == {i["IncidentName"]: i["Severity"] for i in INCIDENTS}


def test_one_incident_with_all_that_hangs_on_it(notebook):
    row = incident(1004)
    got = notebook.get_incident(row["IncidentName"], entities=True, alerts=True, comments=True)
    assert got["properties.title"].iloc[0] == row["Title"]
    assert {a["ID"]: a["Name"] for a in got["Alerts"].iloc[0]} == {a: ALERTS[a]["DisplayName"] for a in row["AlertIds"]}
    kinds = {}
    for kind, properties in got["Entities"].iloc[0]:
        kinds.setdefault(kind, []).append(properties)
    assert {kind: len(found) for kind, found in kinds.items()} == {k: len(v) for k, v in entities_of(alerts_of(row)).items()}
    assert [host["hostName"].lower() for host in kinds["Host"]] == ["ws04"]


def test_write_an_incident(notebook):
    title = f"notebook {uuid.uuid4().hex[:8]} – O'Brien"
    name = notebook.create_incident(title=title, severity="Low", description='said "no"', labels=["nb"])
    assert uuid.UUID(name)
    # By title, as people do.
    got = notebook.get_incident(name)
    assert (got["properties.title"].iloc[0], got["properties.description"].iloc[0]) == (title, 'said "no"')
    notebook.update_incident(name, {"status": "Active"})
    notebook.update_incident(name, {"severity": "High"})
    got = notebook.get_incident(name)
    assert (got["properties.status"].iloc[0], got["properties.severity"].iloc[0]) == ("Active", "High")
    assert [label["labelName"] for label in got["properties.labels"].iloc[0]] == ["nb"]
    notebook.post_comment(name, "it's a drill")
    assert [c["Message"] for c in notebook.get_incident_comments(name)] == ["it's a drill"]


def test_bookmarks(notebook):
    mark = notebook.create_bookmark(name=f"mark {uuid.uuid4().hex[:8]}", query="SigninLogs | where ResultType == '50057'", notes="n", labels=["l"])
    listed = notebook.list_bookmarks()
    assert list(listed[listed["name"] == mark]["properties.notes"]) == ["n"]
    name = notebook.create_incident(title=f"with a mark {uuid.uuid4().hex[:8]}", severity="Low")
    notebook.add_bookmark_to_incident(name, mark)
    found = notebook.get_incident_bookmarks(name)
    assert [b["Bookmark ID"] for b in found] == [mark]
    # Given when the incident is made, it comes as a whole address.
    second = notebook.create_incident(title=f"made with a mark {uuid.uuid4().hex[:8]}", severity="Low", bookmarks=[mark])
    assert second
    notebook.delete_bookmark(mark)
    assert mark not in list(notebook.list_bookmarks().get("name", []))


def test_watchlists(notebook):
    import pandas as pd

    name = f"nb{uuid.uuid4().hex[:8]}"
    data = pd.DataFrame([{"Address": "203.0.113.2", "Note": "it's north"}, {"Address": "203.0.113.3", "Note": "south, east"}])
    notebook.create_watchlist(name, description="gates", search_key="Address", data=data)
    assert name in list(notebook.list_watchlists()["name"])
    notebook.add_watchlist_item(name, {"Address": "203.0.113.4", "Note": "west"})
    items = notebook.list_watchlist_items(name)
    assert dict(zip(items["properties.itemsKeyValue.Address"], items["properties.itemsKeyValue.Note"])) == {
        "203.0.113.2": "it's north",
        "203.0.113.3": "south, east",
        "203.0.113.4": "west",
    }
    one = items[items["properties.itemsKeyValue.Address"] == "203.0.113.2"]["properties.watchlistItemId"].iloc[0]
    notebook.delete_watchlist_item(name, one)
    assert len(notebook.list_watchlist_items(name)) == 2
    notebook.delete_watchlist(name)


def test_threat_indicators(notebook):
    value = f"{uuid.uuid4().hex[:12]}.fabrikam.example"
    notebook.create_indicator(indicator=value, ioc_type="dns", name="nb", confidence=70, threat_types=["malicious-activity"])
    found = notebook.query_indicators(keywords=value, min_confidence=60)
    assert len(found) == 1 and value in found["properties.pattern"].iloc[0]
    name = found["name"].iloc[0]
    assert notebook.get_indicator(name)["properties"]["confidence"] == 70
    notebook.update_indicator(name, confidence=85)
    assert notebook.get_indicator(name)["properties"]["confidence"] == 85
    assert name in list(notebook.get_all_indicators(limit=1000)["name"])
    assert len(notebook.get_ti_metrics()) == 1
    notebook.delete_indicator(name)
    assert len(notebook.query_indicators(keywords=value)) == 0


def test_what_can_be_read(notebook):
    for frame in (notebook.list_alert_rules(), notebook.list_analytic_templates()):
        assert frame is not None


def test_hunting_queries(notebook):
    hunts = notebook.list_hunting_queries()
    assert len(hunts) and set(hunts["properties.category"]) == {"Hunting Queries"}
    assert all(hunts["properties.query"].str.len() > 0) and hunts["name"].is_unique
    assert len(notebook.list_saved_queries()) > len(hunts)


def test_dynamic_summaries(notebook):
    from msticpy.context.azure.sentinel_dynamic_summary import DynamicSummary

    items = [{"summary_item_id": str(uuid.uuid4()), "packed_content": {"Account": "ana", "n": 2}}]
    summary = DynamicSummary(summary_name="who signed in", summary_description="by country", summary_items=items)
    name = notebook.create_dynamic_summary(summary)
    assert name == summary.summary_id
    assert name in list(notebook.list_dynamic_summaries()["name"])
    got = notebook.get_dynamic_summary(name)
    assert (got.summary_id, got.summary_name, got.summary_description) == (name, "who signed in", "by country")
    assert notebook.delete_dynamic_summary(name) == name
    left = notebook.list_dynamic_summaries()
    assert "name" not in left or name not in list(left["name"])


def test_search_jobs(notebook):
    import datetime

    name = f"nb{uuid.uuid4().hex[:8]}"
    start = datetime.datetime(2015, 1, 1, tzinfo=datetime.timezone.utc)
    notebook.create_search("SecurityAlert | project SystemAlertId", start=start, search_name=name, limit=7)
    assert notebook.check_search_status(name)
    notebook.delete_search(name)
    with pytest.raises(Exception):
        notebook.check_search_status(name)
