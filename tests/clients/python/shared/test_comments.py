"""Comments, relations, bookmarks and tasks: what an analyst hangs onto an incident."""

import datetime
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.securityinsight.models import Bookmark, IncidentComment, Relation

from clew import INSIGHTS, incident


def test_comments(sentinel, at, fresh):
    made = fresh()
    texts = [f"note **{k}** – see <script>alert(1)</script>" for k in range(5)]
    names = [str(uuid.uuid4()) for _ in texts]
    for name, text in zip(names, texts):
        comment = sentinel.incident_comments.create_or_update(*at, made.name, name, IncidentComment(message=text))
        assert (comment.name, comment.message) == (name, text)
        assert comment.author.name and comment.created_time_utc and comment.etag
    listed = list(sentinel.incident_comments.list(*at, made.name, orderby="properties/createdTimeUtc asc", top=2))
    assert [(c.name, c.message) for c in listed] == list(zip(names, texts))
    assert sentinel.incidents.get(*at, made.name).additional_data.comments_count == 5

    one = sentinel.incident_comments.get(*at, made.name, names[1])
    one.message = "changed my mind"
    changed = sentinel.incident_comments.create_or_update(*at, made.name, names[1], one)
    assert changed.message == "changed my mind" and changed.created_time_utc == one.created_time_utc
    with pytest.raises(ResourceExistsError) as error:
        sentinel.incident_comments.create_or_update(*at, made.name, names[1], one)
    assert error.value.status_code == 409

    sentinel.incident_comments.delete(*at, made.name, names[0])
    sentinel.incident_comments.delete(*at, made.name, names[0])
    with pytest.raises(ResourceNotFoundError):
        sentinel.incident_comments.get(*at, made.name, names[0])
    assert {c.name for c in sentinel.incident_comments.list(*at, made.name)} == set(names[1:])


def test_closing_and_opening_again_leave_no_comment(sentinel, at, fresh):
    """A script that counts comments counts those that people made."""
    made = fresh()
    sentinel.incident_comments.create_or_update(*at, made.name, str(uuid.uuid4()), IncidentComment(message="mine"))
    now = sentinel.incidents.get(*at, made.name)
    now.status, now.classification, now.classification_comment = "Closed", "Undetermined", "no trace of it"
    closed = sentinel.incidents.create_or_update(*at, made.name, now)
    # Only the status is changed; what the classification was is sent back as it was read.
    closed.status = "Active"
    assert sentinel.incidents.create_or_update(*at, made.name, closed).classification is None
    assert [c.message for c in sentinel.incident_comments.list(*at, made.name)] == ["mine"]


def test_an_empty_comment_is_refused(sentinel, at, fresh):
    with pytest.raises(HttpResponseError) as error:
        sentinel.incident_comments.create_or_update(*at, fresh().name, str(uuid.uuid4()), IncidentComment(message=""))
    assert error.value.status_code == 400


def test_a_comment_of_no_incident(sentinel, at):
    with pytest.raises(ResourceNotFoundError):
        sentinel.incident_comments.create_or_update(*at, str(uuid.uuid4()), str(uuid.uuid4()), IncidentComment(message="x"))


def bookmark(sentinel, at, **more):
    given = {"display_name": "odd row", "query": "SigninLogs | take 1", **more}
    return sentinel.bookmarks.create_or_update(*at, str(uuid.uuid4()), Bookmark(**given))


def test_bookmarks(sentinel, at):
    when = datetime.datetime(2024, 3, 4, 7, 0, tzinfo=datetime.timezone.utc)
    made = bookmark(
        sentinel, at, display_name="Köln", notes="why", labels=["a", "b"], query_result='{"IPAddress":"203.0.113.2"}', event_time=when
    )
    assert (made.display_name, made.query, made.notes, sorted(made.labels)) == ("Köln", "SigninLogs | take 1", "why", ["a", "b"])
    assert made.query_result == '{"IPAddress":"203.0.113.2"}' and made.event_time == when
    assert made.created and made.updated and made.created_by.name
    got = sentinel.bookmarks.get(*at, made.name)
    assert (got.name, got.etag, got.type) == (made.name, made.etag, "Microsoft.SecurityInsights/Bookmarks")
    assert made.name in [b.name for b in sentinel.bookmarks.list(*at)]

    got.notes = "because"
    changed = sentinel.bookmarks.create_or_update(*at, made.name, got)
    assert changed.notes == "because" and changed.etag != got.etag and changed.created == made.created
    with pytest.raises(ResourceExistsError) as error:
        sentinel.bookmarks.create_or_update(*at, made.name, got)
    assert (error.value.status_code, error.value.error.code) == (409, "Conflict")

    sentinel.bookmarks.delete(*at, made.name)
    sentinel.bookmarks.delete(*at, made.name)
    with pytest.raises(ResourceNotFoundError):
        sentinel.bookmarks.get(*at, made.name)


def test_a_bookmark_needs_name_and_query(http):
    for properties in ({"displayName": "x"}, {"query": "x"}):
        answer = http.put(f"{http.base}{INSIGHTS}/bookmarks/{uuid.uuid4()}", json={"properties": properties})
        assert answer.status_code == 400


def test_a_bookmark_on_an_incident(sentinel, at, fresh):
    made, mark = fresh(), bookmark(sentinel, at)
    name = str(uuid.uuid4())
    relation = sentinel.incident_relations.create_or_update(*at, made.name, name, Relation(related_resource_id=mark.id))
    assert (relation.name, relation.related_resource_name) == (name, mark.name)
    assert relation.related_resource_type == "Microsoft.SecurityInsights/Bookmarks"
    assert [r.name for r in sentinel.incident_relations.list(*at, made.name)] == [name]
    assert sentinel.incident_relations.get(*at, made.name, name).related_resource_id.lower() == mark.id.lower()
    marks = sentinel.incidents.list_bookmarks(*at, made.name).value
    assert [(b.name, b.kind, b.display_name) for b in marks] == [(mark.name, "Bookmark", "odd row")]
    assert sentinel.incidents.get(*at, made.name).additional_data.bookmarks_count == 1

    sentinel.incident_relations.delete(*at, made.name, name)
    assert list(sentinel.incident_relations.list(*at, made.name)) == []
    assert sentinel.incidents.list_bookmarks(*at, made.name).value == []


def test_an_alert_on_an_incident(sentinel, at, fresh):
    made = fresh()
    alert = incident(1002)["AlertIds"][0]
    relation = Relation(related_resource_id=f"{INSIGHTS}/entities/{alert}")
    made_relation = sentinel.incident_relations.create_or_update(*at, made.name, str(uuid.uuid4()), relation)
    assert made_relation.related_resource_type == "Microsoft.SecurityInsights/entities"
    assert made_relation.related_resource_kind == "SecurityAlert"
    assert [a.name for a in sentinel.incidents.list_alerts(*at, made.name).value] == [alert]
    # The alert stays where it was, too.
    assert alert in [a.name for a in sentinel.incidents.list_alerts(*at, incident(1002)["IncidentName"]).value]
    sentinel.incident_relations.delete(*at, made.name, made_relation.name)
    assert sentinel.incidents.list_alerts(*at, made.name).value == []


def test_the_alerts_of_an_incident_are_relations(sentinel, at):
    row = incident(1011)
    found = list(sentinel.incident_relations.list(*at, row["IncidentName"], top=1))
    assert sorted(r.related_resource_name for r in found) == sorted(row["AlertIds"])
    assert {r.related_resource_type for r in found} == {"Microsoft.SecurityInsights/entities"}


def test_a_relation_to_nothing(sentinel, at, fresh):
    with pytest.raises(HttpResponseError) as error:
        relation = Relation(related_resource_id=f"{INSIGHTS}/bookmarks/{uuid.uuid4()}")
        sentinel.incident_relations.create_or_update(*at, fresh().name, str(uuid.uuid4()), relation)
    assert error.value.status_code in (400, 404)
