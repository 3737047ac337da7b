"""Kusto: query with the v2 protocol, management commands, parameters, errors."""

import datetime

import pytest
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError


@pytest.fixture(scope="module")
def kusto(server):
    with KustoClient(KustoConnectionStringBuilder.with_aad_user_token_authentication(server.url, server.token)) as client:
        yield client


def test_a_query(kusto):
    answer = kusto.execute_query("default", "SigninLogs | summarize n = count() by ResultType | order by n desc, ResultType asc")
    table = answer.primary_results[0]
    assert [(c.column_name, c.column_type) for c in table.columns] == [("ResultType", "string"), ("n", "long")]
    # truth.toml: 53 + 4 + 2 + 1 of one address.
    assert [tuple(row) for row in table] == [("0", 53), ("50057", 4), ("16000", 2), ("50058", 1)]
    assert answer.errors_count == 0 and answer.get_exceptions() == []


def test_values(kusto):
    text = """print f = datetime(2024-03-04 05:06:07.1234567), g = 26h, h = dynamic({"k": [1]}), i = guid(6f9619ff-8b86-d011-b42d-00c04fc964ff),
        j = decimal(12.50), b = true, n = int(null)"""
    row = next(iter(kusto.execute_query("default", text).primary_results[0]))
    assert row["f"] == datetime.datetime(2024, 3, 4, 5, 6, 7, 123456, tzinfo=datetime.timezone.utc)
    assert row["g"] == datetime.timedelta(hours=26)
    assert row["h"] == {"k": [1]}, "a value, not text"
    assert row["i"] == "6f9619ff-8b86-d011-b42d-00c04fc964ff" and str(row["j"]).rstrip("0") == "12.5"
    assert row["b"] is True and row["n"] is None


def test_several_results(kusto):
    tables = kusto.execute_query("default", "AzureActivity | count; Syslog | count").primary_results
    assert [tuple(next(iter(table))) for table in tables] == [(23,), (143,)]


def test_streaming(kusto):
    answer = kusto.execute_streaming_query("default", "range x from 1 to 2500 step 1")
    found = [row["x"] for table in answer.iter_primary_results() for row in table]
    assert found == list(range(1, 2501))


def test_parameters(kusto):
    properties = ClientRequestProperties()
    properties.set_parameter("who", "johns@m365x816222.onmicrosoft.com")
    properties.set_option("servertimeout", datetime.timedelta(minutes=1))
    text = "declare query_parameters(who: string); SigninLogs | where UserPrincipalName =~ who | count"
    assert kusto.execute_query("default", text, properties).primary_results[0][0][0] == 4


def test_management(kusto):
    tables = {row["TableName"] for row in kusto.execute_mgmt("default", ".show tables").primary_results[0]}
    assert {"SecurityAlert", "SecurityIncident", "SigninLogs", "Syslog"} <= tables
    databases = [row["DatabaseName"] for row in kusto.execute_mgmt("default", ".show databases").primary_results[0]]
    assert "default" in databases


def test_execute_chooses(kusto):
    assert kusto.execute("default", "AzureActivity | count").primary_results[0][0][0] == 23
    assert len(kusto.execute("default", ".show databases").primary_results[0]) >= 1


MISTAKES = [("SecurityAlert | where", "Syntax error"), ("SecurityAlert | project NoSuchColumn", "Semantic error")]


@pytest.mark.parametrize("text,kind", MISTAKES)
def test_mistakes(kusto, text, kind):
    with pytest.raises(KustoApiError) as error:
        kusto.execute_query("default", text)
    said = error.value.get_api_error()
    assert said.permanent is True and said.code and kind in said.description


def test_metadata_needs_no_token(server):
    import requests

    answer = requests.get(f"{server.url}/v1/rest/auth/metadata", timeout=300)
    assert answer.status_code == 404 or "LoginEndpoint" in answer.json()["AzureAD"]


def test_with_an_identity_credential(server, credential):
    builder = KustoConnectionStringBuilder.with_azure_token_credential(server.url, credential)
    with KustoClient(builder) as client:
        assert client.execute_query("default", "print 1").primary_results[0][0][0] == 1
