"""Getting in: managed identity, client secret, keys of every role, and nobody."""

import os
import subprocess
import uuid

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from azure.mgmt.securityinsight.models import Incident

from clew import BINARY, INCIDENTS, INSIGHTS, SUBSCRIPTION, StaticCredential


@pytest.fixture
def identity(server, monkeypatch):
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", server.token)


@pytest.mark.parametrize("kind", [DefaultAzureCredential, ManagedIdentityCredential])
def test_a_script_with_an_identity_runs_untouched(server, sentinel, at, identity, kind):
    client = type(sentinel)(kind(), SUBSCRIPTION, base_url=server.url)
    assert client.incidents.get(*at, INCIDENTS[0]["IncidentName"]).incident_number == 1001


def test_the_older_names_of_an_identity(server, monkeypatch):
    monkeypatch.setenv("MSI_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("MSI_SECRET", server.token)
    assert ManagedIdentityCredential().get_token("https://management.azure.com/.default").token


def test_a_wrong_identity_header(server, identity, monkeypatch):
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(ClientAuthenticationError):
        ManagedIdentityCredential().get_token("https://management.azure.com/.default")


def data_of(server):
    return os.path.join(server.folder, "data")


def new_key(server, *arguments):
    command = [BINARY, "key", "create", "--data", data_of(server), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def client_of(server, sentinel, token):
    return type(sentinel)(StaticCredential(token), SUBSCRIPTION, base_url=server.url)


def test_a_client_secret(server, sentinel, at):
    printed = new_key(server, "--role", "responder", "--principal", "--name", f"soar-{uuid.uuid4().hex[:6]}")
    made = dict(line.split("=", 1) for line in printed.splitlines())
    tenant, client_id, secret = made["AZURE_TENANT_ID"], made["AZURE_CLIENT_ID"], made["AZURE_CLIENT_SECRET"]
    credential = ClientSecretCredential(tenant, client_id, secret, authority=server.url, disable_instance_discovery=True)
    client = type(sentinel)(credential, SUBSCRIPTION, base_url=server.url)
    assert client.incidents.get(*at, INCIDENTS[0]["IncidentName"]).incident_number == 1001
    wrong = ClientSecretCredential(tenant, client_id, "wrong", authority=server.url, disable_instance_discovery=True)
    with pytest.raises(ClientAuthenticationError):
        wrong.get_token(f"{server.url}/.default")


def test_roles(server, sentinel, at):
    name = INCIDENTS[0]["IncidentName"]
    reader = client_of(server, sentinel, new_key(server, "--role", "reader"))
    assert reader.incidents.get(*at, name).incident_number == 1001
    with pytest.raises(HttpResponseError) as error:
        reader.incidents.create_or_update(*at, str(uuid.uuid4()), Incident(title="x", severity="Low", status="New"))
    assert error.value.status_code == 403
    responder = client_of(server, sentinel, new_key(server, "--role", "responder"))
    made = responder.incidents.create_or_update(*at, str(uuid.uuid4()), Incident(title="x", severity="Low", status="New"))
    assert made.title == "x"


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic YTpi"])
def test_nobody(server, header):
    headers = {"Authorization": header} if header else {}
    for path in (f"{INSIGHTS}/incidents", "/v1/incidents", "/v1/workspaces/default/query", "/v1.0/security/incidents"):
        answer = requests.get(server.url + path, headers=headers, timeout=300)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] and answer.json()["error"]["message"]


def test_a_client_without_rights_sees_an_authentication_error(server, sentinel, at):
    with pytest.raises(ClientAuthenticationError):
        client_of(server, sentinel, "wrong").incidents.get(*at, INCIDENTS[0]["IncidentName"])


def test_where_the_endpoints_are(server):
    body = requests.get(f"{server.url}/metadata/endpoints?api-version=latest", timeout=300).json()
    assert body["resourceManager"].rstrip("/") == server.url and body["authentication"]["loginEndpoint"].rstrip("/") == server.url
    tenant = uuid.uuid4()
    body = requests.get(f"{server.url}/{tenant}/v2.0/.well-known/openid-configuration", timeout=300).json()
    assert body["token_endpoint"].startswith(server.url) and body["issuer"].startswith(server.url)
