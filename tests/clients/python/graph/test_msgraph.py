"""Graph security with msgraph-sdk: the adapter's address is all that changes."""

import asyncio
import time

import pytest
from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.security.incident import Incident
from msgraph.generated.models.security.incident_status import IncidentStatus
from msgraph.generated.security.alerts_v2.alerts_v2_request_builder import Alerts_v2RequestBuilder
from msgraph.generated.security.incidents.incidents_request_builder import IncidentsRequestBuilder
from msgraph.generated.security.microsoft_graph_security_run_hunting_query.run_hunting_query_post_request_body import (
    RunHuntingQueryPostRequestBody,
)

from clew import ALERTS, INCIDENTS


class Static:
    def __init__(self, token):
        self.token = token

    async def get_token(self, *scopes, **options):
        return AccessToken(self.token, int(time.time()) + 3600)

    async def close(self):
        pass


def run(server, work):
    async def inside():
        provider = AzureIdentityAuthenticationProvider(Static(server.token), allowed_hosts=["localhost"])
        adapter = GraphRequestAdapter(provider)
        adapter.base_url = server.url + "/v1.0"
        return await work(GraphServiceClient(request_adapter=adapter))

    return asyncio.run(inside())


def wanted():
    return [row for row in INCIDENTS if row["Title"].startswith("Impossible travel")]


def test_incidents_over_pages(server):
    async def work(client):
        query = IncidentsRequestBuilder.IncidentsRequestBuilderGetQueryParameters(
            filter="startswith(displayName, 'Impossible travel')", top=2, orderby=["createdDateTime asc"], expand=["alerts"]
        )
        from kiota_abstractions.base_request_configuration import RequestConfiguration

        page = await client.security.incidents.get(RequestConfiguration(query_parameters=query))
        found = list(page.value)
        while page.odata_next_link:
            page = await client.security.incidents.with_url(page.odata_next_link).get()
            found += page.value
        return found

    found = run(server, work)
    assert [i.display_name for i in found] == [row["Title"] for row in wanted()]
    assert [sorted(a.id for a in i.alerts) for i in found] == [sorted(row["AlertIds"]) for row in wanted()]
    assert [i.severity.value for i in found] == [row["Severity"].lower() for row in wanted()]


def test_one_alert(server):
    name, known = next(iter(ALERTS.items()))

    async def work(client):
        return await client.security.alerts_v2.by_alert_id(name).get()

    got = run(server, work)
    assert (got.id, got.title, got.severity.value) == (name, known["DisplayName"], known["AlertSeverity"].lower())
    kinds = {type(evidence).__name__ for evidence in got.evidence}
    assert kinds >= {"UserEvidence", "DeviceEvidence", "IpEvidence"}


def test_patch(server):
    async def work(client):
        found = await client.security.incidents.get()
        one = next(i for i in found.value if i.status == IncidentStatus.Active)
        return await client.security.incidents.by_incident_id(one.id).patch(Incident(status=IncidentStatus.InProgress, assigned_to="eva@x.example"))

    changed = run(server, work)
    assert (changed.status, changed.assigned_to) == (IncidentStatus.InProgress, "eva@x.example")


def test_hunting(server):
    async def work(client):
        body = RunHuntingQueryPostRequestBody(query="AzureActivity | summarize n = count() by CallerIpAddress")
        return await client.security.microsoft_graph_security_run_hunting_query.post(body)

    answer = run(server, work)
    assert [column.name for column in answer.schema] == ["CallerIpAddress", "n"]
    assert [row.additional_data for row in answer.results] == [{"CallerIpAddress": "37.142.150.162", "n": 23}]


def test_unknown_incident(server):
    from kiota_abstractions.api_error import APIError

    async def work(client):
        return await client.security.incidents.by_incident_id("999999999").get()

    with pytest.raises(APIError) as error:
        run(server, work)
    assert error.value.response_status_code == 404


def test_alerts_can_be_filtered(server):
    async def work(client):
        from kiota_abstractions.base_request_configuration import RequestConfiguration

        query = Alerts_v2RequestBuilder.Alerts_v2RequestBuilderGetQueryParameters(filter="title eq 'Password spray from 203.0.113.2'", top=100)
        return (await client.security.alerts_v2.get(RequestConfiguration(query_parameters=query))).value

    found = run(server, work)
    assert sorted(a.id for a in found) == sorted(n for n, a in ALERTS.items() if a["DisplayName"] == "Password spray from 203.0.113.2")
