"""Every operation that the installed package knows, called once: what belongs to an investigation works, the rest says that it does not."""

import inspect
import uuid

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.mgmt import securityinsight

from clew import INSIGHTS, SUBSCRIPTION, Server, StaticCredential, incident

# What is no part of an investigation: a list is empty, anything else is an operation that nobody knows here.
LEFT = {
    "billing_statistics",
    "content_package",
    "content_packages",
    "content_template",
    "content_templates",
    "data_connector_definitions",
    "data_connectors",
    "data_connectors_check_requirements",
    "file_imports",
    "get",
    "get_recommendations",
    "get_triggered_analytics_rule_runs",
    "metadata",
    "office_consents",
    "product_package",
    "product_packages",
    "product_settings",
    "product_template",
    "product_templates",
    "reevaluate",
    "security_ml_analytics_settings",
    "source_control",
    "source_controls",
    "triggered_analytics_rule_run",
    "update",
    "workspace_manager_assignment_jobs",
    "workspace_manager_assignments",
    "workspace_manager_configurations",
    "workspace_manager_groups",
    "workspace_manager_members",
}
# Rules of detection are read here and not written; playbooks run elsewhere.
READ_ONLY = {
    ("actions", "create_or_update"),
    ("actions", "delete"),
    ("alert_rule", "begin_trigger_rule_run"),
    ("alert_rules", "create_or_update"),
    ("alert_rules", "delete"),
    ("entities", "run_playbook"),
    ("incidents", "run_playbook"),
}
# What there is none of: the action of a rule.
NONE_OF = {("actions", "get")}

WINDOW = {"startTime": "2024-03-01T00:00:00Z", "endTime": "2024-03-09T00:00:00Z"}
INDICATOR = {
    "kind": "indicator",
    "properties": {
        "displayName": "a host of a sweep",
        "pattern": "[domain-name:value = 'sweep.example']",
        "patternType": "domain-name",
        "source": "a test",
        "threatTypes": ["malicious-activity"],
        "validFrom": "2024-03-01T00:00:00Z",
    },
}
RULE = {
    "properties": {
        "displayName": "a rule of a sweep",
        "order": 1,
        "triggeringLogic": {"isEnabled": False, "triggersOn": "Incidents", "triggersWhen": "Created", "conditions": []},
        "actions": [{"order": 1, "actionType": "ModifyProperties", "actionConfiguration": {"severity": "High"}}],
    }
}
ENTITY_QUERY = {
    "kind": "Activity",
    "properties": {
        "title": "sign-ins",
        "content": "{{Count}} sign-ins",
        "description": "what an account did",
        "queryDefinitions": {"query": "SigninLogs"},
        "inputEntityType": "Account",
        "requiredInputFieldsSets": [["Account_Name"]],
        "entitiesFilter": {},
        "enabled": True,
    },
}


WATCHLIST = {
    "properties": {
        "displayName": "hosts of a sweep",
        "provider": "a test",
        "source": "Local file",
        "itemsSearchKey": "host",
        "contentType": "text/csv",
        "rawContent": "host,note\nws02,b\n",
        "numberOfLinesToSkip": 0,
    }
}


@pytest.fixture(scope="module")
def alone():
    """A server of its own: what is made here must not stand in the way of other tests."""
    server = Server()
    server.session = requests.Session()
    server.session.headers["Authorization"] = f"Bearer {server.token}"
    yield server
    server.stop()


@pytest.fixture
def client(alone):
    make = getattr(securityinsight, "SecurityInsights", None) or securityinsight.SecurityInsightsMgmtClient
    return make(StaticCredential(alone.token), SUBSCRIPTION, base_url=alone.url)


@pytest.fixture
def world(alone):
    """Names of things that are there, and bodies, by the parameters that operations have."""

    def ask(method, path, body=None):
        url = f"{alone.url}{INSIGHTS}/{path}"
        answer = alone.session.request(method, url, params={"api-version": "2024-03-01"}, json=body)
        answer.raise_for_status()
        return answer.json()

    case = incident(1001)["IncidentName"]
    host = next(e for e in ask("POST", f"incidents/{case}/entities")["entities"] if e["kind"] == "Host")
    mark = {"properties": {"displayName": "one of a sweep", "query": "SigninLogs"}}
    bookmark, related, fresh, extra = (str(uuid.uuid4()) for _ in range(4))
    for name in (bookmark, related):
        ask("PUT", f"bookmarks/{name}", mark)
    to_bookmark = {"properties": {"relatedResourceId": f"{INSIGHTS}/Bookmarks/{related}"}}
    to_incident = {"properties": {"relatedResourceId": f"{INSIGHTS}/Incidents/{case}"}}
    return {
        "names": {
            "incident_id": case,
            "entity_id": host["name"],
            "bookmark_id": bookmark,
            "rule_id": ask("GET", "alertRules")["value"][0]["name"],
            "alert_rule_template_id": ask("GET", "alertRuleTemplates")["value"][0]["name"],
            "entity_query_template_id": ask("GET", "entityQueryTemplates")["value"][0]["name"],
            "sentinel_onboarding_state_name": "default",
            "ti_type": "main",
            "kind": "Insight",
            ("entity_relations", "relation_name"): ask("GET", f"entities/{host['name']}/relations")["value"][0]["name"],
            # What is deleted must be nobody else's.
            ("incidents", "create_or_update", "incident_id"): fresh,
            ("incidents", "delete", "incident_id"): fresh,
            ("bookmarks", "create_or_update", "bookmark_id"): extra,
            ("bookmarks", "delete", "bookmark_id"): extra,
        },
        "bodies": {
            ("automation_rules", "create_or_update"): RULE,
            ("bookmark", "expand"): {"expansionId": "27f76e63-c41b-480f-bb18-12ad2e011d49", **WINDOW},
            ("bookmark_relations", "create_or_update"): to_incident,
            ("bookmarks", "create_or_update"): mark,
            ("entities", "expand"): {"expansionId": "055a5692-555f-42bd-ac17-923a5a9994ed", **WINDOW},
            ("entities", "get_insights"): WINDOW,
            ("entities_get_timeline", "list"): {**WINDOW, "numberOfBucket": 4},
            ("entity_queries", "create_or_update"): ENTITY_QUERY,
            ("hunt_comments", "create_or_update"): {"properties": {"message": "looked"}},
            ("hunt_relations", "create_or_update"): to_bookmark,
            ("hunts", "create_or_update"): {"properties": {"displayName": "a hunt", "description": "of a sweep"}},
            ("incident_comments", "create_or_update"): {"properties": {"message": "seen"}},
            ("incident_relations", "create_or_update"): to_bookmark,
            ("incident_tasks", "create_or_update"): {"properties": {"title": "look", "status": "New"}},
            ("incidents", "create_or_update"): {"properties": {"title": "made by a sweep", "severity": "Low", "status": "New"}},
            ("sentinel_onboarding_states", "create"): {"properties": {"customerManagedKey": False}},
            ("threat_intelligence", "count"): {},
            ("threat_intelligence", "query"): {},
            ("threat_intelligence_indicator", "append_tags"): {"threatIntelligenceTags": ["one"]},
            ("threat_intelligence_indicator", "create"): INDICATOR,
            ("threat_intelligence_indicator", "create_indicator"): INDICATOR,
            ("threat_intelligence_indicator", "query_indicators"): {"pageSize": 10},
            ("threat_intelligence_indicator", "replace_tags"): {**INDICATOR, "properties": {"threatIntelligenceTags": ["two"]}},
            ("watchlist_items", "create_or_update"): {"properties": {"itemsKeyValue": {"host": "ws01", "note": "a"}}},
            ("watchlists", "begin_create_or_update"): WATCHLIST,
            ("watchlists", "create_or_update"): WATCHLIST,
        },
    }


def operations(client):
    """Every operation, in an order in which what holds others is made before them and deleted after them."""
    found = []
    for group in vars(client):
        if group.startswith("_"):
            continue
        for name, call in inspect.getmembers(getattr(client, group), callable):
            if not name.startswith("_"):
                parameters = inspect.signature(call).parameters.values()
                found.append((group, name, call, [p for p in parameters if p.kind is not p.VAR_KEYWORD]))

    def order(operation):
        group, name, _, parameters = operation
        turn = 2 if "delete" in name else 0 if "create" in name else 1
        return turn, -len(parameters) if turn == 2 else len(parameters), group, name

    return sorted(found, key=order)


def outcome(call, arguments, named):
    """Status of the answer, its error, and what the client made of it."""
    statuses = []
    try:
        made = call(*arguments, **named, raw_response_hook=lambda answer: statuses.append(answer.http_response.status_code))
        if hasattr(made, "result"):
            made = made.result()
        elif hasattr(made, "__next__"):
            made = list(made)
        return statuses[-1], None, made
    except HttpResponseError as error:
        return error.status_code, error.error, None


def test_every_operation(client, world, alone, at):
    def misses():
        lines = alone.session.get(f"{alone.url}/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("clew_compatibility_misses_total"))

    before, unknown, made_up = misses(), 0, {}
    failures = []
    for group, name, call, parameters in operations(client):
        arguments, named = [], {}
        for parameter in parameters:
            key = parameter.name
            names = (world["names"].get(known) for known in ((group, name, key), (group, key), key))
            known = next((known for known in names if known), None)
            if key in ("resource_group_name", "workspace_name"):
                arguments.append(at[key == "workspace_name"])
            elif (group, name) in world["bodies"] and parameter is parameters[-1]:
                arguments.append(world["bodies"][group, name])
            elif parameter.default is not parameter.empty:
                break
            elif known is not None:
                arguments.append(known)
            elif key.endswith(("_id", "name", "_alias", "identifier")):
                arguments.append(made_up.setdefault(key, str(uuid.uuid4())))
            else:
                arguments.append({})
            if parameter.kind is parameter.KEYWORD_ONLY:
                named[key] = arguments.pop()
        status, error, made = outcome(call, arguments, named)
        unknown += status == 405 or (status == 404 and error.code == "NotFound")
        if (group, name) in NONE_OF:
            expected = status == 404 and error.code == "ResourceNotFound"
        elif (group, name) in READ_ONLY:
            expected = status in (404, 405) and error.message
        elif (group, name) == ("sentinel_onboarding_states", "delete"):
            # A workspace is always on board.
            expected = status == 409
        elif group in LEFT:
            expected = made == [] if status == 200 else status == 404 and error.code == "NotFound" and error.message
        else:
            expected = status in (200, 201, 204)
        if not expected:
            failures.append((group, name, status, error and error.code))
    assert failures == []
    assert misses() - before == unknown, "what is unknown is counted"
