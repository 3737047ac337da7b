"""What people keep beside incidents: automation rules, watchlists, threat indicators, alert rules, and the small routes."""

import datetime
import time
import uuid

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.securityinsight import models

from clew import INSIGHTS


def rule(**more):
    given = {
        "display_name": "vip first",
        "order": 7,
        "triggering_logic": models.AutomationRuleTriggeringLogic(
            is_enabled=True,
            triggers_on="Incidents",
            triggers_when="Created",
            conditions=[
                models.PropertyConditionProperties(
                    condition_properties=models.AutomationRulePropertyValuesCondition(
                        property_name="IncidentTitle", operator="Contains", property_values=["quokka"]
                    )
                )
            ],
        ),
        "actions": [
            models.AutomationRuleModifyPropertiesAction(
                order=1,
                action_configuration=models.IncidentPropertiesAction(
                    severity="High", status="Active", labels=[models.IncidentLabel(label_name="automated")]
                ),
            )
        ],
    }
    return models.AutomationRule(**{**given, **more})


def test_an_automation_rule_acts(sentinel, at, fresh):
    name = str(uuid.uuid4())
    made = sentinel.automation_rules.create_or_update(*at, name, rule())
    assert (made.name, made.display_name, made.order) == (name, "vip first", 7)
    assert (made.triggering_logic.is_enabled, made.triggering_logic.triggers_on, made.triggering_logic.triggers_when) == (
        True,
        "Incidents",
        "Created",
    )
    condition = made.triggering_logic.conditions[0].condition_properties
    assert (condition.property_name, condition.operator, condition.property_values) == ("IncidentTitle", "Contains", ["quokka"])
    assert made.actions[0].action_configuration.severity == "High"
    assert made.created_time_utc and made.etag
    assert name in [r.name for r in sentinel.automation_rules.list(*at)]

    other = fresh(title="nothing special", severity="Low")
    matched = fresh(title="seen at the quokka gateway", severity="Low")
    got = wait(lambda: sentinel.incidents.get(*at, matched.name), lambda i: i.status == "Active")
    assert (got.severity, [label.label_name for label in got.labels]) == ("High", ["automated"])
    assert sentinel.incidents.get(*at, other.name).severity == "Low"

    got = sentinel.automation_rules.get(*at, name)
    got.triggering_logic.is_enabled = False
    changed = sentinel.automation_rules.create_or_update(*at, name, got)
    assert changed.triggering_logic.is_enabled is False and changed.etag != made.etag
    sentinel.automation_rules.delete(*at, name)
    sentinel.automation_rules.delete(*at, name)
    with pytest.raises(ResourceNotFoundError):
        sentinel.automation_rules.get(*at, name)


def wait(read, done):
    """Rules act behind the answer; a bound, not a pause: it ends as soon as they have."""
    until = time.monotonic() + 300
    while True:
        value = read()
        if done(value) or time.monotonic() > until:
            assert done(value), "no rule acted in five minutes"
            return value
        time.sleep(0.05)


CSV = "Address,Owner,Note\r\n203.0.113.2,Ana,\"gate, north\"\r\n203.0.113.3,Ben,O'Brien\r\n198.51.100.9,Ana,\r\n"


def put_watchlist(sentinel, at, alias, **more):
    body = models.Watchlist(
        display_name="Gateways",
        provider="Fabrikam",
        source="Local file",
        items_search_key="Address",
        raw_content=CSV,
        content_type="text/csv",
        number_of_lines_to_skip=0,
        **more,
    )
    if hasattr(sentinel.watchlists, "begin_create_or_update"):
        return sentinel.watchlists.begin_create_or_update(*at, alias, body).result()
    return sentinel.watchlists.create_or_update(*at, alias, body)


def drop_watchlist(sentinel, at, alias):
    if hasattr(sentinel.watchlists, "begin_delete"):
        return sentinel.watchlists.begin_delete(*at, alias).result()
    return sentinel.watchlists.delete(*at, alias)


def test_watchlists(sentinel, at):
    alias = f"gates{uuid.uuid4().hex[:8]}"
    made = put_watchlist(sentinel, at, alias)
    assert (made.watchlist_alias, made.display_name, made.provider, made.items_search_key) == (alias, "Gateways", "Fabrikam", "Address")
    assert alias in [w.watchlist_alias for w in sentinel.watchlists.list(*at)]
    items = list(sentinel.watchlist_items.list(*at, alias))
    assert sorted((i.items_key_value["Address"], i.items_key_value["Owner"], i.items_key_value["Note"]) for i in items) == [
        ("198.51.100.9", "Ana", ""),
        ("203.0.113.2", "Ana", "gate, north"),
        ("203.0.113.3", "Ben", "O'Brien"),
    ]

    name = str(uuid.uuid4())
    added = models.WatchlistItem(items_key_value={"Address": "192.0.2.77", "Owner": "Cleo", "Note": "new"})
    item = sentinel.watchlist_items.create_or_update(*at, alias, name, added)
    assert (item.watchlist_item_id, item.items_key_value["Owner"]) == (name, "Cleo")
    item.items_key_value["Owner"] = "Dora"
    sentinel.watchlist_items.create_or_update(*at, alias, name, item)
    assert sentinel.watchlist_items.get(*at, alias, name).items_key_value["Owner"] == "Dora"
    sentinel.watchlist_items.delete(*at, alias, name)
    with pytest.raises(ResourceNotFoundError):
        sentinel.watchlist_items.get(*at, alias, name)
    assert len(list(sentinel.watchlist_items.list(*at, alias))) == 3

    drop_watchlist(sentinel, at, alias)
    with pytest.raises(ResourceNotFoundError):
        sentinel.watchlists.get(*at, alias)


def test_a_watchlist_in_a_query(sentinel, at, server, credential):
    from azure.monitor.query import LogsQueryClient

    alias = f"gates{uuid.uuid4().hex[:8]}"
    put_watchlist(sentinel, at, alias)
    logs = LogsQueryClient(credential, endpoint=f"{server.url}/v1")
    text = f"_GetWatchlist('{alias}') | project SearchKey, Address, Owner | order by SearchKey asc"
    rows = [list(row) for row in logs.query_workspace("default", text, timespan=None).tables[0].rows]
    assert rows == [
        ["198.51.100.9", "198.51.100.9", "Ana"],
        ["203.0.113.2", "203.0.113.2", "Ana"],
        ["203.0.113.3", "203.0.113.3", "Ben"],
    ]
    drop_watchlist(sentinel, at, alias)
    assert logs.query_workspace("default", f"_GetWatchlist('{alias}') | count", timespan=None).tables[0].rows[0][0] == 0


def indicator(**more):
    given = {
        "source": "clew tests",
        "display_name": "gate north",
        "pattern": "[ipv4-addr:value = '203.0.113.2']",
        "pattern_type": "ipv4-addr",
        "threat_types": ["malicious-activity"],
        "confidence": 78,
        "threat_intelligence_tags": ["drill"],
        "valid_from": "2024-01-01T00:00:00Z",
    }
    return models.ThreatIntelligenceIndicatorModel(**{**given, **more})


def test_threat_indicators(sentinel, at):
    source = f"tests-{uuid.uuid4().hex[:8]}"
    made = sentinel.threat_intelligence_indicator.create_indicator(*at, indicator(source=source))
    assert made.kind == "indicator" and made.pattern == "[ipv4-addr:value = '203.0.113.2']" and made.confidence == 78
    got = sentinel.threat_intelligence_indicator.get(*at, made.name)
    assert (got.display_name, got.threat_types, got.threat_intelligence_tags) == ("gate north", ["malicious-activity"], ["drill"])
    assert made.name in [i.name for i in sentinel.threat_intelligence_indicators.list(*at)]

    for k in range(4):
        pattern = f"[domain-name:value = 'd{k}.fabrikam.example']"
        more = {"display_name": f"domain {k}", "pattern": pattern, "pattern_type": "domain-name", "confidence": 10 * k}
        sentinel.threat_intelligence_indicator.create(*at, str(uuid.uuid4()), indicator(source=source, **more))

    def ask(**criteria):
        body = models.ThreatIntelligenceFilteringCriteria(sources=[source], **criteria)
        return [i.display_name for i in sentinel.threat_intelligence_indicator.query_indicators(*at, body)]

    by_confidence = [models.ThreatIntelligenceSortingCriteria(item_key="confidence", sort_order="descending")]
    assert ask(sort_by=by_confidence, page_size=2) == ["gate north", "domain 3", "domain 2", "domain 1", "domain 0"]
    assert sorted(ask(pattern_types=["domain-name"], min_confidence=20)) == ["domain 2", "domain 3"]
    assert ask(keywords=["d2.fabrikam"]) == ["domain 2"]

    sentinel.threat_intelligence_indicator.append_tags(
        *at, made.name, models.ThreatIntelligenceAppendTags(threat_intelligence_tags=["second"])
    )
    got = sentinel.threat_intelligence_indicator.get(*at, made.name)
    assert sorted(got.threat_intelligence_tags) == ["drill", "second"]
    got.threat_intelligence_tags = ["only"]
    replaced = sentinel.threat_intelligence_indicator.replace_tags(*at, made.name, got)
    assert replaced.threat_intelligence_tags == ["only"]

    metrics = sentinel.threat_intelligence_indicator_metrics.list(*at).value[0].properties
    assert {m.metric_name: m.metric_value for m in metrics.source_metrics}[source] == 5

    sentinel.threat_intelligence_indicator.delete(*at, made.name)
    sentinel.threat_intelligence_indicator.delete(*at, made.name)
    with pytest.raises(ResourceNotFoundError):
        sentinel.threat_intelligence_indicator.get(*at, made.name)


def test_alert_rules_can_be_read(sentinel, at):
    rules = list(sentinel.alert_rules.list(*at))
    assert all(r.name and r.kind for r in rules)
    for one in rules[:3]:
        assert sentinel.alert_rules.get(*at, one.name).name == one.name
        assert isinstance(list(sentinel.actions.list_by_alert_rule(*at, one.name)), list)
    assert isinstance(list(sentinel.alert_rule_templates.list(*at)), list)
    with pytest.raises(ResourceNotFoundError):
        sentinel.alert_rules.get(*at, str(uuid.uuid4()))


def test_onboarding(sentinel, at):
    assert sentinel.sentinel_onboarding_states.get(*at, "default").name == "default"


def test_operations_of_the_provider(sentinel):
    names = [operation.name for operation in sentinel.operations.list()]
    assert "Microsoft.SecurityInsights/incidents/read" in names


def test_a_route_that_nobody_serves(http):
    answer = http.get(f"{http.base}{INSIGHTS}/triggeredAnalyticsRuleRuns?api-version=2025-10-01-preview")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/json")
    assert set(answer.json()["error"]) >= {"code", "message"}
    assert "clew_compatibility_misses" in http.get(f"{http.base}/metrics").text


def test_times_have_a_zone(sentinel, at, fresh):
    assert fresh().created_time_utc.tzinfo == datetime.timezone.utc or fresh().created_time_utc.utcoffset() == datetime.timedelta(0)


def test_errors_echo_the_request(http):
    answer = http.get(f"{http.base}{INSIGHTS}/incidents/none-such", headers={"x-ms-client-request-id": "abc-123"})
    assert answer.status_code == 404 and answer.headers["x-ms-client-request-id"] == "abc-123" and answer.headers["x-ms-request-id"]
    with pytest.raises(KeyError):
        answer.headers["Retry-After"]


def test_single_quoted_bodies(http):
    """msticpy sends Python's text of a dict."""
    name = str(uuid.uuid4())
    body = str({"properties": {"title": "O'Brien \"said\"", "severity": "Low", "status": "New", "labels": [], "description": None}})
    answer = http.put(f"{http.base}{INSIGHTS}/incidents/{name}", data=body.encode(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["properties"]["title"]) == (201, "O'Brien \"said\"")


def test_a_body_that_is_no_json(http):
    answer = http.put(f"{http.base}{INSIGHTS}/incidents/{uuid.uuid4()}", data="{'properties': ", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "BadRequest"


