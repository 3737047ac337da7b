"""Tasks, relations of bookmarks, and hunts, which only the preview package knows."""

import uuid

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.mgmt.securityinsight import models

from clew import incident


def test_tasks(sentinel, at, fresh):
    made = fresh()
    name = str(uuid.uuid4())
    task = sentinel.incident_tasks.create_or_update(
        *at, made.name, name, models.IncidentTask(title="call the user", description="by phone", status="New")
    )
    assert (task.name, task.title, task.description, task.status) == (name, "call the user", "by phone", "New")
    assert task.created_time_utc and task.created_by.name
    task.status = "Completed"
    done = sentinel.incident_tasks.create_or_update(*at, made.name, name, task)
    assert done.status == "Completed" and done.created_time_utc == task.created_time_utc
    with pytest.raises(ResourceExistsError):
        sentinel.incident_tasks.create_or_update(*at, made.name, name, task)
    assert [t.name for t in sentinel.incident_tasks.list(*at, made.name)] == [name]
    assert sentinel.incident_tasks.get(*at, made.name, name).etag == done.etag
    sentinel.incident_tasks.delete(*at, made.name, name)
    sentinel.incident_tasks.delete(*at, made.name, name)
    assert list(sentinel.incident_tasks.list(*at, made.name)) == []
    with pytest.raises(ResourceNotFoundError):
        sentinel.incident_tasks.get(*at, made.name, name)


def test_relations_of_a_bookmark(sentinel, at, fresh):
    made = fresh()
    mark = sentinel.bookmarks.create_or_update(*at, str(uuid.uuid4()), models.Bookmark(display_name="x", query="y"))
    name = str(uuid.uuid4())
    relation = sentinel.bookmark_relations.create_or_update(*at, mark.name, name, models.Relation(related_resource_id=made.id))
    assert relation.related_resource_name == made.name
    assert [r.name for r in sentinel.bookmark_relations.list(*at, mark.name)] == [name]
    assert [b.name for b in sentinel.incidents.list_bookmarks(*at, made.name).value] == [mark.name]
    sentinel.bookmark_relations.delete(*at, mark.name, name)
    assert list(sentinel.bookmark_relations.list(*at, mark.name)) == []


def test_hunts(sentinel, at):
    name = str(uuid.uuid4())
    hunt = sentinel.hunts.create_or_update(
        *at,
        name,
        models.Hunt(
            display_name="mail rules", description="who forwards", status="New", hypothesis_status="Unknown", attack_tactics=["Exfiltration"]
        ),
    )
    assert (hunt.name, hunt.display_name, hunt.status, hunt.attack_tactics) == (name, "mail rules", "New", ["Exfiltration"])
    hunt.status, hunt.hypothesis_status = "Active", "Validated"
    changed = sentinel.hunts.create_or_update(*at, name, hunt)
    assert (changed.status, changed.hypothesis_status) == ("Active", "Validated") and changed.etag != hunt.etag
    assert name in [h.name for h in sentinel.hunts.list(*at)]

    comment = sentinel.hunt_comments.create_or_update(*at, name, str(uuid.uuid4()), models.HuntComment(message="found two"))
    assert [(c.name, c.message) for c in sentinel.hunt_comments.list(*at, name)] == [(comment.name, "found two")]
    sentinel.hunt_comments.delete(*at, name, comment.name)
    assert list(sentinel.hunt_comments.list(*at, name)) == []

    target = sentinel.incidents.get(*at, incident(1003)["IncidentName"])
    relation = sentinel.hunt_relations.create_or_update(
        *at, name, str(uuid.uuid4()), models.HuntRelation(related_resource_id=target.id, labels=["lead"])
    )
    assert (relation.related_resource_name, relation.labels) == (target.name, ["lead"])
    assert [r.name for r in sentinel.hunt_relations.list(*at, name)] == [relation.name]
    sentinel.hunt_relations.delete(*at, name, relation.name)

    sentinel.hunts.delete(*at, name)
    with pytest.raises(ResourceNotFoundError):
        sentinel.hunts.get(*at, name)


@pytest.mark.parametrize(
    "group",
    [
        *("content_packages", "content_templates", "product_packages", "product_templates", "data_connectors", "data_connector_definitions"),
        *("metadata", "product_settings", "source_controls", "security_ml_analytics_settings", "office_consents", "file_imports"),
        *("get_recommendations", "billing_statistics", "workspace_manager_members", "workspace_manager_groups"),
    ],
)
def test_what_clew_keeps_nothing_of_is_an_empty_list(sentinel, at, group):
    assert list(getattr(sentinel, group).list(*at)) == []
