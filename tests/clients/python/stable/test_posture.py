"""Assessments, secure scores and what hangs on them, held against the files that were taken in."""

import uuid

import pytest
from azure.core.exceptions import ResourceNotFoundError

from clew import DEFENDER_SUBSCRIPTION, values

ASSESSMENTS = values("assessments.json")
SCORES = values("secure_scores.json")
CONTROLS = values("secure_score_controls.json")
SUBSCRIPTION = f"/subscriptions/{DEFENDER_SUBSCRIPTION}"


def test_assessments_of_a_subscription(defender):
    found = {a.id.lower(): a for a in defender.assessments.list(SUBSCRIPTION)}
    assert set(found) == {a["id"].lower() for a in ASSESSMENTS}
    for known in ASSESSMENTS:
        got = found[known["id"].lower()]
        properties = known["properties"]
        assert (got.name, got.display_name, got.status.code) == (known["name"], properties["displayName"], properties["status"]["code"])


def test_assessments_of_one_resource(defender):
    machine = f"{SUBSCRIPTION}/resourceGroups/prod/providers/Microsoft.Compute/virtualMachines/vm3"
    found = {a.display_name: a.status.code for a in defender.assessments.list(machine)}
    assert found == {"Disks are encrypted": "Unhealthy", "Management ports are closed": "Unhealthy"}
    one = next(a for a in ASSESSMENTS if a["id"].startswith(machine))
    got = defender.assessments.get(machine, one["name"])
    assert (got.name, got.display_name) == (one["name"], one["properties"]["displayName"])
    with pytest.raises(ResourceNotFoundError):
        defender.assessments.get(machine, str(uuid.uuid4()))


def test_metadata(defender):
    known = {a["name"]: a["properties"]["metadata"] for a in ASSESSMENTS}
    found = {m.name: m for m in defender.assessments_metadata.list_by_subscription()}
    assert {name: found[name].severity for name in known} == {name: m["severity"] for name, m in known.items()}


def test_secure_score(defender):
    found = list(defender.secure_scores.list())
    known = SCORES[0]["properties"]
    assert [(s.name, s.max, s.current, s.percentage, s.weight) for s in found] == [
        ("ascScore", known["score"]["max"], known["score"]["current"], known["score"]["percentage"], known["weight"])
    ]
    assert defender.secure_scores.get("ascScore").current == known["score"]["current"]


def test_controls(defender):
    """max * healthy / (healthy + unhealthy)"""
    wanted = {}
    for control in CONTROLS:
        p = control["properties"]
        current = p["score"]["max"] * p["healthyResourceCount"] / (p["healthyResourceCount"] + p["unhealthyResourceCount"])
        wanted[p["displayName"]] = (p["score"]["max"], round(current, 4), p["healthyResourceCount"], p["unhealthyResourceCount"])
    for found in (defender.secure_score_controls.list(), defender.secure_score_controls.list_by_secure_score("ascScore")):
        got = {c.display_name: (c.max, round(c.current, 4), c.healthy_resource_count, c.unhealthy_resource_count) for c in found}
        assert got == wanted


def test_empty_lists_are_lists(defender):
    assert list(defender.regulatory_compliance_standards.list()) == []
    assert list(defender.sub_assessments.list_all(SUBSCRIPTION)) == []
    assert list(defender.allowed_connections.list()) == []
    assert {location.name for location in defender.locations.list()} >= {"westeurope", "northeurope"}


def test_automations(defender):
    from azure.mgmt.security.v2019_01_01_preview.models import (
        Automation,
        AutomationActionWorkspace,
        AutomationRuleSet,
        AutomationScope,
        AutomationSource,
        AutomationTriggeringRule,
    )

    name = f"export-{uuid.uuid4().hex[:8]}"
    body = Automation(
        location="westeurope",
        description="high alerts",
        is_enabled=True,
        scopes=[AutomationScope(description="all", scope_path=SUBSCRIPTION)],
        sources=[
            AutomationSource(
                event_source="Alerts",
                rule_sets=[
                    AutomationRuleSet(
                        rules=[
                            AutomationTriggeringRule(
                                property_j_path="Severity", property_type="String", expected_value="High", operator="Equals"
                            )
                        ]
                    )
                ],
            )
        ],
        actions=[
            AutomationActionWorkspace(
                workspace_resource_id=f"{SUBSCRIPTION}/resourceGroups/prod/providers/Microsoft.OperationalInsights/workspaces/default"
            )
        ],
    )
    assert defender.automations.validate("prod", name, body).is_valid is True
    made = defender.automations.create_or_update("prod", name, body)
    assert (made.name, made.location, made.is_enabled, made.description) == (name, "westeurope", True, "high alerts")
    assert made.sources[0].rule_sets[0].rules[0].expected_value == "High"
    assert defender.automations.get("prod", name).etag == made.etag
    assert name in [a.name for a in defender.automations.list()]
    assert name in [a.name for a in defender.automations.list_by_resource_group("prod")]
    defender.automations.delete("prod", name)
    with pytest.raises(ResourceNotFoundError):
        defender.automations.get("prod", name)
