"""Entities with the preview package: get, expand with the ids that connectors hard-wire, timeline, insights, queries, relations."""

import datetime
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.securityinsight import models

from clew import ALERTS, INCIDENTS, alerts_of, entities_of, incident

ALERT = "98b974fd-cc64-48b8-9bd0-3a209f5b944b"
ALERTS_OF = {
    "Account": "a77992f3-25e9-4d01-99a4-5ff606cc410a",
    "Host": "055a5692-555f-42bd-ac17-923a5a9994ed",
    "Ip": "58c1516f-b78a-4d78-9e71-77c40849c27b",
    "Url": "7b61d5e2-4b66-40a7-bb0f-9145b445104e",
    "File": "0f0bccef-4512-4530-a866-27056a39dcd6",
    "Process": "63a4fa2f-f89d-4cf5-96a2-cb2479e49731",
}
UTC = datetime.timezone.utc
START, END = datetime.datetime(2024, 3, 1, tzinfo=UTC), datetime.datetime(2024, 3, 9, tzinfo=UTC)

NAME = {
    "Account": lambda e: f"{e.account_name}@{e.upn_suffix}",
    "Host": lambda e: e.host_name,
    "Ip": lambda e: e.address,
    "Url": lambda e: e.url,
    "Process": lambda e: e.command_line,
    "File": lambda e: e.file_name,
}


def by_kind(entities):
    found = {}
    for entity in entities:
        found.setdefault(entity.kind, set()).add(NAME[entity.kind](entity).lower())
    return found


def entities(sentinel, at, number):
    return sentinel.incidents.list_entities(*at, incident(number)["IncidentName"]).entities


def with_entity(kind, name):
    """Ids of the corpus' alerts that name this entity."""
    return {a for a, row in ALERTS.items() if name in entities_of([row]).get(kind, set())}


def test_an_entity_by_its_id(sentinel, at):
    for entity in entities(sentinel, at, 1001):
        got = sentinel.entities.get(*at, entity.name)
        assert (got.kind, got.id, got.type) == (entity.kind, entity.id, entity.type)
        assert NAME[got.kind](got) == NAME[got.kind](entity)


def test_an_alert_is_an_entity(sentinel, at):
    name = incident(1001)["AlertIds"][0]
    got = sentinel.entities.get(*at, name)
    assert (got.kind, got.name, got.system_alert_id) == ("SecurityAlert", name, name)
    assert got.alert_display_name == ALERTS[name]["DisplayName"]


def test_unknown_entity(sentinel, at):
    with pytest.raises(ResourceNotFoundError):
        sentinel.entities.get(*at, str(uuid.uuid4()))
    with pytest.raises(ResourceNotFoundError):
        sentinel.entities.expand(*at, str(uuid.uuid4()), models.EntityExpandParameters(expansion_id=ALERT))


@pytest.mark.parametrize("number", [1001, 1002, 1004, 1012])
def test_expand_an_alert_gives_all_its_entities(sentinel, at, number):
    for name in incident(number)["AlertIds"]:
        answer = sentinel.entities.expand(*at, name, models.EntityExpandParameters(expansion_id=ALERT))
        known = entities_of([ALERTS[name]])
        assert by_kind(answer.value.entities) == known
        counts = {a.entity_kind: a.count for a in answer.meta_data.aggregations}
        assert counts == {kind: len(names) for kind, names in known.items()}
        assert {e.target_entity_id for e in answer.value.edges} == {e.id for e in answer.value.entities}


@pytest.mark.parametrize("kind", ["Account", "Host", "Ip", "Url", "File", "Process"])
def test_expand_an_entity_gives_its_alerts(sentinel, at, kind):
    # The alerts of incident 1004 hold an entity of every kind.
    for entity in entities(sentinel, at, 1004):
        if entity.kind == kind:
            parameters = models.EntityExpandParameters(expansion_id=ALERTS_OF[kind], start_time=START, end_time=END)
            answer = sentinel.entities.expand(*at, entity.name, parameters)
            wanted = with_entity(kind, NAME[kind](entity).lower())
            assert {e.name for e in answer.value.entities} == wanted
            assert {e.kind for e in answer.value.entities} == {"SecurityAlert"}
            assert [(a.entity_kind, a.count) for a in answer.meta_data.aggregations] == [("SecurityAlert", len(wanted))]
            return
    raise AssertionError(f"incident 1004 has no {kind}")


def test_the_hub_of_the_sample_data_is_expanded_whole(sentinel, at):
    found = next(iter(sentinel.incidents.list(*at, filter="contains(properties/title, 'msticalertswin1')")))
    host = next(e for e in sentinel.incidents.list_entities(*at, found.name).entities if e.kind == "Host")
    answer = sentinel.entities.expand(*at, host.name, models.EntityExpandParameters(expansion_id=ALERTS_OF["Host"]))
    # The 138 of the host's own story, and one of the Linux host's.
    assert len(answer.value.entities) == 139
    assert [(a.entity_kind, a.count) for a in answer.meta_data.aggregations] == [("SecurityAlert", 139)]


def test_expand_outside_of_the_window_gives_nothing(sentinel, at):
    host = next(e for e in entities(sentinel, at, 1001) if e.kind == "Host")
    late = models.EntityExpandParameters(expansion_id=ALERTS_OF["Host"], start_time=END, end_time=END + datetime.timedelta(days=1))
    answer = sentinel.entities.expand(*at, host.name, late)
    assert answer.value.entities == []


def test_unknown_expansion(sentinel, at):
    with pytest.raises(HttpResponseError) as error:
        host = next(e for e in entities(sentinel, at, 1001) if e.kind == "Host")
        sentinel.entities.expand(*at, host.name, models.EntityExpandParameters(expansion_id=str(uuid.uuid4())))
    assert error.value.status_code in (400, 404)


def test_timeline(sentinel, at):
    account = next(e for e in entities(sentinel, at, 1001) if e.kind == "Account")
    wanted = with_entity("Account", "user1@fabrikam.example")
    body = models.EntityTimelineParameters(start_time=START, end_time=END, kinds=["SecurityAlert"], number_of_bucket=4)
    answer = sentinel.entities_get_timeline.list(*at, account.name, body)
    assert [item.kind for item in answer.value] == ["SecurityAlert"] * len(wanted)
    assert sorted(item.display_name for item in answer.value) == sorted(ALERTS[a]["DisplayName"] for a in wanted)
    assert [(a.kind, a.count) for a in answer.meta_data.aggregations] == [("SecurityAlert", len(wanted))]
    assert answer.meta_data.total_count == len(wanted)
    for item in answer.value:
        assert item.start_time_utc.tzinfo and item.severity and item.product_name and item.alert_type
    starts = [item.start_time_utc for item in answer.value]
    assert starts in (sorted(starts), sorted(starts, reverse=True))


def test_timeline_with_activities(sentinel, at):
    """The host of the sample data has process and logon events beside its alerts."""
    found = next(iter(sentinel.incidents.list(*at, filter="contains(properties/title, 'msticalertswin1')")))
    host = next(e for e in sentinel.incidents.list_entities(*at, found.name).entities if e.kind == "Host")
    day = datetime.datetime(2019, 1, 15, tzinfo=UTC)
    body = models.EntityTimelineParameters(start_time=day, end_time=day + datetime.timedelta(days=1), number_of_bucket=24)
    answer = sentinel.entities_get_timeline.list(*at, host.name, body)
    counts = {a.kind: a.count for a in answer.meta_data.aggregations}
    assert counts["SecurityAlert"] == 138
    activities = [item for item in answer.value if item.kind == "Activity"]
    assert activities and counts["Activity"] >= len(activities)
    for item in activities:
        assert item.query_id and item.title and item.bucket_start_time_utc <= item.first_activity_time_utc
        assert item.first_activity_time_utc <= item.last_activity_time_utc <= item.bucket_end_time_utc


def test_insights(sentinel, at):
    host = next(e for e in entities(sentinel, at, 1001) if e.kind == "Host")
    queries = list(sentinel.entities.queries(*at, host.name, kind="Insight"))
    assert queries and {q.kind for q in queries} == {"Insight"}
    body = models.EntityGetInsightsParameters(start_time=START, end_time=END, add_default_extended_time_range=False)
    answer = sentinel.entities.get_insights(*at, host.name, body)
    assert answer.meta_data.total_count == len(answer.value) and answer.meta_data.errors in (None, [])
    for item in answer.value:
        assert item.query_id and item.table_query_results.columns
        width = len(item.table_query_results.columns)
        assert all(len(row) == width for row in item.table_query_results.rows)


def test_expansion_queries_are_listed_and_each_can_be_asked(sentinel, at):
    listed = list(sentinel.entity_queries.list(*at, kind="Expansion"))
    names = {q.name for q in listed}
    assert {ALERT, *ALERTS_OF.values()} <= names
    for query in listed:
        assert query.kind == "Expansion" and query.display_name and query.input_entity_type and query.output_entity_types
    host = next(e for e in entities(sentinel, at, 1001) if e.kind == "Host")
    for query in listed:
        if query.input_entity_type == "Host":
            answer = sentinel.entities.expand(*at, host.name, models.EntityExpandParameters(expansion_id=query.name))
            assert answer.value.entities is not None
    one = sentinel.entity_queries.get(*at, ALERTS_OF["Ip"])
    assert (one.name, one.input_entity_type) == (ALERTS_OF["Ip"], "IP")
    assert {q.kind for q in sentinel.entity_queries.list(*at, kind="Activity")} == {"Activity"}


def test_relations_of_an_entity(sentinel, at):
    ip = next(e for e in entities(sentinel, at, 1001) if e.kind == "Ip")
    wanted = {i["IncidentName"] for i in INCIDENTS if "203.0.113.2" in entities_of(alerts_of(i)).get("Ip", set())}
    relations = list(sentinel.entities_relations.list(*at, ip.name, top=2))
    incidents = {r.related_resource_name for r in relations if r.related_resource_type.lower().endswith("/incidents")}
    assert incidents == wanted
    one = sentinel.entity_relations.get_relation(*at, ip.name, relations[0].name)
    assert one.related_resource_id == relations[0].related_resource_id


def test_every_entity_is_listed_once(sentinel, at):
    names = [e.name for e in sentinel.entities.list(*at)]
    assert len(names) == len(set(names)) and len(names) > 100


def test_expand_a_bookmark(sentinel, at):
    mark = models.Bookmark(
        display_name="mapped",
        query="SigninLogs",
        entity_mappings=[
            models.BookmarkEntityMappings(
                entity_type="Host", field_mappings=[models.EntityFieldMapping(identifier="HostName", value="ws01")]
            )
        ],
    )
    made = sentinel.bookmarks.create_or_update(*at, str(uuid.uuid4()), mark)
    assert made.entity_mappings[0].field_mappings[0].value == "ws01"
    parameters = models.BookmarkExpandParameters(expansion_id="27f76e63-c41b-480f-bb18-12ad2e011d49")
    answer = sentinel.bookmark.expand(*at, made.name, parameters)
    assert by_kind(answer.value.entities) == {"Host": {"ws01"}}


# Four kinds have another name among the types of queries.
TYPE = {"Ip": "IP", "Url": "URL", "DnsResolution": "DNS", "Bookmark": "HuntingBookmark"}


def test_entities_of_every_kind_answer_all_that_can_be_asked(sentinel, at):
    sentinel.bookmarks.create_or_update(*at, str(uuid.uuid4()), models.Bookmark(display_name="one of a kind", query="SigninLogs"))
    firsts = {}
    for entity in sentinel.entities.list(*at):
        firsts.setdefault(entity.kind, entity)
    assert {"Account", "Host", "Ip", "Url", "File", "FileHash", "Process", "RegistryKey", "DnsResolution", "Bookmark"} <= set(firsts)
    queries = list(sentinel.entity_queries.list(*at, kind="Expansion"))
    always = (datetime.datetime(2015, 1, 1, tzinfo=UTC), datetime.datetime(2030, 1, 1, tzinfo=UTC))
    for kind, entity in firsts.items():
        assert sentinel.entities.get(*at, entity.name).id == entity.id
        times = models.EntityTimelineParameters(start_time=always[0], end_time=always[1], number_of_bucket=4)
        timeline = sentinel.entities_get_timeline.list(*at, entity.name, times)
        assert timeline.meta_data.total_count >= len(timeline.value)
        asked = models.EntityGetInsightsParameters(start_time=always[0], end_time=always[1])
        insights = sentinel.entities.get_insights(*at, entity.name, asked)
        assert not insights.meta_data.errors, kind
        for query in queries:
            if query.input_entity_type == TYPE.get(kind, kind):
                asked = models.EntityExpandParameters(expansion_id=query.name, start_time=always[0], end_time=always[1])
                found = sentinel.entities.expand(*at, entity.name, asked)
                assert {edge.target_entity_id for edge in found.value.edges} == {other.id for other in found.value.entities}
