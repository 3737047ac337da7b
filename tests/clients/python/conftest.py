"""Server and clients for every test: as a customer's script makes them, with nothing but the address changed."""

import os
import sys
import uuid

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from clew import DEFENDER_SUBSCRIPTION, GROUP, SUBSCRIPTION, WORKSPACE, Server, StaticCredential


@pytest.fixture(scope="session")
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def credential(server):
    return StaticCredential(server.token)


@pytest.fixture(scope="session")
def sentinel(server, credential):
    from azure.mgmt import securityinsight

    make = getattr(securityinsight, "SecurityInsights", None) or securityinsight.SecurityInsightsMgmtClient
    return make(credential, SUBSCRIPTION, base_url=server.url)


@pytest.fixture(scope="session")
def defender(server, credential):
    from azure.mgmt import security

    make = getattr(security, "SecurityManagementClient", None) or security.SecurityCenter
    return make(credential, DEFENDER_SUBSCRIPTION, base_url=server.url)


@pytest.fixture(scope="session")
def http(server):
    """Plain REST, for what the packages cannot send."""
    import requests

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {server.token}"
    session.base = server.url
    return session


@pytest.fixture
def at():
    """Resource group and workspace, the first two arguments of every call."""
    return GROUP, WORKSPACE


@pytest.fixture
def fresh(sentinel, at):
    """Makes an incident that only this test knows."""
    from azure.mgmt.securityinsight.models import Incident

    def make(**properties):
        given = {"title": "made by a test", "severity": "Medium", "status": "New", **properties}
        return sentinel.incidents.create_or_update(*at, str(uuid.uuid4()), Incident(**given))

    return make
