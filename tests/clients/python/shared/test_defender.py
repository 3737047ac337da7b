"""Defender for Cloud: alerts at four scopes, their states, suppression rules, simulated alerts."""

import datetime
import time
import uuid

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.security import models

from clew import DEFENDER_ALERTS, DEFENDER_SUBSCRIPTION


def region(alert):
    return alert["id"].split("/locations/")[1].split("/")[0]


def group(alert):
    return alert["id"].split("/resourceGroups/")[1].split("/")[0] if "/resourceGroups/" in alert["id"] else None


def groups(alert):
    """The group of its id, and that of the machine that it is about."""
    return {group(alert), alert["properties"]["resourceIdentifiers"][0]["azureResourceId"].split("/resourceGroups/")[1].split("/")[0]}


def names(alerts):
    return sorted(alert["name"] for alert in alerts)


def ours(found):
    """Only those of the file: simulated ones come and go."""
    known = set(names(DEFENDER_ALERTS))
    listed = [alert.name for alert in found]
    assert len(listed) == len(set(listed))
    return sorted(set(listed) & known)


def test_four_lists(defender):
    assert ours(defender.alerts.list()) == names(DEFENDER_ALERTS)
    for where in ("westeurope", "northeurope"):
        here = [a for a in DEFENDER_ALERTS if region(a) == where]
        assert ours(defender.alerts.list_subscription_level_by_region(where)) == names(here)
        for name in ("prod", "test"):
            both = [a for a in here if name in groups(a)]
            assert ours(in_group_and_region(defender, name, where)) == names(both)
    for name in ("prod", "test"):
        assert ours(defender.alerts.list_by_resource_group(name)) == names([a for a in DEFENDER_ALERTS if name in groups(a)])
    assert ours(defender.alerts.list_subscription_level_by_region("eastus")) == []


def in_group_and_region(defender, name, where):
    if type(defender).__name__ == "SecurityCenter":
        return defender.alerts.list_resource_group_level_by_region(where, name)
    return defender.alerts.list_resource_group_level_by_region(resource_group_name=name, asc_location=where)


def get(defender, alert):
    if group(alert):
        return defender.alerts.get_resource_group_level(group(alert), region(alert), alert["name"])
    return defender.alerts.get_subscription_level(region(alert), alert["name"])


@pytest.mark.parametrize("number", range(12))
def test_get(defender, number):
    alert = DEFENDER_ALERTS[number]
    known = alert["properties"]
    got = get(defender, alert)
    assert (got.id, got.name, got.type) == (alert["id"], alert["name"], "Microsoft.Security/Locations/alerts")
    assert (got.alert_type, got.alert_display_name, got.description) == (
        known["alertType"],
        known["alertDisplayName"],
        known["description"],
    )
    assert (got.severity, got.intent, got.status) == (known["severity"], known["intent"], "Active")
    assert (got.compromised_entity, got.vendor_name, got.product_component_name) == (known["compromisedEntity"], "Microsoft", "Servers")
    assert got.start_time_utc == datetime.datetime.fromisoformat(known["startTimeUtc"].replace("Z", "+00:00"))
    assert got.remediation_steps == known["remediationSteps"]
    assert (got.techniques, got.sub_techniques) == (known["techniques"], known["subTechniques"])
    assert got.extended_properties == known["extendedProperties"]
    assert got.is_incident is False and got.alert_uri
    azure = [i for i in got.resource_identifiers if i.type == "AzureResource"]
    assert [i.azure_resource_id.lower() for i in azure] == [known["resourceIdentifiers"][0]["azureResourceId"].lower()]
    assert {"account", "host", "ip"} <= {e.type.lower() for e in got.entities}
    # The same alert answers without its group, too.
    assert defender.alerts.get_subscription_level(region(alert), alert["name"]).system_alert_id == got.system_alert_id


def test_unknown_alert(defender):
    with pytest.raises(ResourceNotFoundError):
        defender.alerts.get_subscription_level("westeurope", f"2518_{uuid.uuid4()}")


STATES = [("dismiss", "Dismissed"), ("resolve", "Resolved"), ("in_progress", "InProgress"), ("activate", "Active")]


def test_states(defender):
    in_group, at_top = DEFENDER_ALERTS[3], DEFENDER_ALERTS[2]
    assert group(in_group) and not group(at_top)
    for verb, state in STATES:
        change = getattr(defender.alerts, f"update_resource_group_level_state_to_{verb}")
        for _ in range(2):
            change(group(in_group), region(in_group), in_group["name"])
        assert get(defender, in_group).status == state
        getattr(defender.alerts, f"update_subscription_level_state_to_{verb}")(region(at_top), at_top["name"])
        assert get(defender, at_top).status == state
    with pytest.raises(ResourceNotFoundError):
        defender.alerts.update_subscription_level_state_to_dismiss("westeurope", "2518_none")


def test_suppression_rules(defender):
    name = f"rule-{uuid.uuid4().hex[:8]}"
    expires = datetime.datetime(2199, 1, 1, tzinfo=datetime.timezone.utc)
    scope = models.SuppressionAlertsScope(all_of=[models.ScopeElement(field="entities.host.hostname")])
    # The operator is a free member of the element.
    element = scope.all_of[0]
    if hasattr(element, "additional_properties"):
        element.additional_properties = {"in": ["vm1", "vm9"]}
    else:
        element["in"] = ["vm1", "vm9"]
    body = models.AlertsSuppressionRule(
        alert_type="VM_LoginBruteForce", reason="Noise", state="Enabled", comment="drill", expiration_date_utc=expires
    )
    body.suppression_alerts_scope = scope
    made = defender.alerts_suppression_rules.update(name, body)
    assert (made.name, made.alert_type, made.reason, made.state, made.comment) == (name, "VM_LoginBruteForce", "Noise", "Enabled", "drill")
    assert made.expiration_date_utc == expires and made.last_modified_utc
    got = defender.alerts_suppression_rules.get(name)
    element = got.suppression_alerts_scope.all_of[0]
    values = element.additional_properties["in"] if hasattr(element, "additional_properties") else element["in"]
    assert (element.field, sorted(values)) == ("entities.host.hostname", ["vm1", "vm9"])
    assert name in [r.name for r in defender.alerts_suppression_rules.list()]
    assert name in [r.name for r in defender.alerts_suppression_rules.list(alert_type="VM_LoginBruteForce")]
    assert name not in [r.name for r in defender.alerts_suppression_rules.list(alert_type="Storage_TorAnomaly")]
    made.state = "Disabled"
    assert defender.alerts_suppression_rules.update(name, made).state == "Disabled"
    defender.alerts_suppression_rules.delete(name)
    defender.alerts_suppression_rules.delete(name)
    with pytest.raises(ResourceNotFoundError):
        defender.alerts_suppression_rules.get(name)


def test_simulate(defender):
    before = {alert.name for alert in defender.alerts.list()}
    body = models.AlertSimulatorRequestBody(
        properties=models.AlertSimulatorBundlesRequestProperties(bundles=["VirtualMachines", "KeyVaults"])
    )
    defender.alerts.begin_simulate("westeurope", body, polling_interval=0).result()
    until = time.monotonic() + 300
    while not (new := {alert.name for alert in defender.alerts.list()} - before) and time.monotonic() < until:
        time.sleep(0.05)
    assert len(new) == 6
    assert all(defender.alerts.get_subscription_level("westeurope", name).status == "Active" for name in new)


def test_a_subscription_that_no_alert_names(server, credential, defender):
    """Scripts keep the subscription that they were written with: it opens the same alerts."""
    other = type(defender)(credential, "11111111-2222-3333-4444-555555555555", base_url=server.url)
    assert ours(other.alerts.list()) == names(DEFENDER_ALERTS)


def test_simulated_alerts_hide_none_that_were_listed(server, credential, defender):
    other = type(defender)(credential, "99999999-8888-7777-6666-555555555555", base_url=server.url)
    listed = lambda: {alert.name for alert in other.alerts.list()}
    before = listed()
    body = models.AlertSimulatorRequestBody(
        properties=models.AlertSimulatorBundlesRequestProperties(bundles=["DNS", "SqlServers", "VirtualMachines"])
    )
    other.alerts.begin_simulate("westeurope", body, polling_interval=0).result()
    after = listed()
    assert before < after and len(after - before) == 8
    assert after == {alert.name for alert in other.alerts.list_by_resource_group("no-such-group")}
    # Where real resources are, the list of the subscription is what it was.
    assert ours(defender.alerts.list()) == names(DEFENDER_ALERTS)


def test_a_bad_rule(http):
    path = f"/subscriptions/{DEFENDER_SUBSCRIPTION}/providers/Microsoft.Security/alertsSuppressionRules/bad"
    answer = http.put(f"{http.base}{path}?api-version=2019-01-01-preview", json={"properties": {"state": "Sometimes"}})
    assert answer.status_code == 400 and answer.json()["error"]["code"]


