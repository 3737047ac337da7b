import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { SecurityInsights } from '@azure/arm-securityinsight';
import { ALERTS, AT, INCIDENTS, SUBSCRIPTION, all, bearer, incident, options, serve } from './clew.mjs';

const OURS = 'properties/incidentNumber ge 1001 and properties/incidentNumber le 1025';
const EXPAND_ALERT = '98b974fd-cc64-48b8-9bd0-3a209f5b944b';
const ALERTS_OF_HOST = '055a5692-555f-42bd-ac17-923a5a9994ed';

describe('@azure/arm-securityinsight', () => {
  let server, client;
  before(async () => {
    server = await serve();
    client = new SecurityInsights(bearer(server.token), SUBSCRIPTION, options(server.url));
  });
  after(() => server.stop());

  const fresh = (more = {}) =>
    client.incidents.createOrUpdate(...AT, randomUUID(), { title: 'made by a test', severity: 'Medium', status: 'New', ...more });

  test('filter, order and page', async () => {
    for (const top of [4, 1000]) {
      const found = await all(client.incidents.list(...AT, { filter: `${OURS} and properties/severity eq 'High'`, orderby: 'properties/incidentNumber desc', top }));
      const wanted = INCIDENTS.filter((row) => row.Severity === 'High').map((row) => row.IncidentNumber);
      assert.deepEqual(found.map((i) => i.incidentNumber), wanted.reverse());
    }
    const sizes = [];
    for await (const page of client.incidents.list(...AT, { filter: OURS, top: 10 }).byPage()) sizes.push(page.length);
    assert.deepEqual(sizes, [10, 10, 5]);
  });

  test('get', async () => {
    const row = incident(1005);
    const got = await client.incidents.get(...AT, row.IncidentName);
    assert.deepEqual(
      [got.incidentNumber, got.title, got.severity, got.status, got.classification, got.classificationReason],
      [1005, row.Title, row.Severity, row.Status, row.Classification, row.ClassificationReason],
    );
    assert.equal(got.createdTimeUtc.toISOString(), row.CreatedTime);
    assert.equal(got.additionalData.alertsCount, row.AlertIds.length);
    await assert.rejects(client.incidents.get(...AT, randomUUID()), { statusCode: 404 });
  });

  test('alerts, entities, expand', async () => {
    const row = incident(1004);
    const { value } = await client.incidents.listAlerts(...AT, row.IncidentName);
    assert.deepEqual(value.map((alert) => alert.name).sort(), [...row.AlertIds].sort());
    for (const alert of value) assert.equal(alert.alertDisplayName, ALERTS.get(alert.systemAlertId).DisplayName);

    const { entities, metaData } = await client.incidents.listEntities(...AT, row.IncidentName);
    const counts = Object.fromEntries(metaData.map((item) => [item.entityKind, item.count]));
    assert.deepEqual(counts, { Account: 1, Host: 1, Ip: 1, Process: 1, File: 1, Url: 1 });
    const host = entities.find((entity) => entity.kind === 'Host');
    assert.equal(host.hostName.toLowerCase(), 'ws04');

    const whole = await client.entities.expand(...AT, row.AlertIds[0], { expansionId: EXPAND_ALERT });
    assert.deepEqual(whole.value.entities.map((entity) => entity.kind).sort(), ['Account', 'File', 'Host', 'Ip', 'Process']);
    const back = await client.entities.expand(...AT, host.name, { expansionId: ALERTS_OF_HOST });
    const wanted = [...ALERTS.values()].filter((alert) => alert.CompromisedEntity === 'ws04').map((alert) => alert.SystemAlertId);
    assert.deepEqual(back.value.entities.map((entity) => entity.name).sort(), wanted.sort());
    assert.deepEqual(back.metaData.aggregations.map((a) => [a.entityKind, a.count]), [['SecurityAlert', wanted.length]]);

    const timeline = await client.entitiesGetTimeline.list(...AT, host.name, {
      startTime: new Date('2024-03-01T00:00:00Z'),
      endTime: new Date('2024-03-09T00:00:00Z'),
      kinds: ['SecurityAlert'],
    });
    assert.deepEqual(timeline.value.map((item) => item.kind), wanted.map(() => 'SecurityAlert'));
    assert.equal(timeline.metaData.totalCount, wanted.length);
    const same = await client.entities.get(...AT, host.name);
    assert.equal(same.id, host.id);
  });

  test('assign, a stale etag, close', async () => {
    const made = await fresh({ labels: [{ labelName: 'js' }] });
    const active = await client.incidents.createOrUpdate(...AT, made.name, {
      ...made,
      status: 'Active',
      owner: { email: 'cleo@fabrikam.example', assignedTo: 'Cleo' },
    });
    assert.deepEqual([active.status, active.owner.email, active.labels[0].labelName], ['Active', 'cleo@fabrikam.example', 'js']);
    assert.notEqual(active.etag, made.etag);
    await assert.rejects(client.incidents.createOrUpdate(...AT, made.name, made), { statusCode: 409, code: 'Conflict' });
    await assert.rejects(client.incidents.createOrUpdate(...AT, made.name, { ...active, status: 'Closed' }), { statusCode: 400 });
    await assert.rejects(client.incidents.createOrUpdate(...AT, made.name, { ...active, status: 'Closed', classification: 'TruePositive' }), { statusCode: 400 });
    const closed = await client.incidents.createOrUpdate(...AT, made.name, {
      ...active,
      status: 'Closed',
      classification: 'TruePositive',
      classificationReason: 'SuspiciousActivity',
      classificationComment: 'seen',
    });
    assert.deepEqual([closed.status, closed.classification, closed.classificationComment], ['Closed', 'TruePositive', 'seen']);
    await client.incidents.delete(...AT, made.name);
    await assert.rejects(client.incidents.get(...AT, made.name), { statusCode: 404 });
  });

  test('comments, bookmarks, relations', async () => {
    const made = await fresh();
    const comment = randomUUID();
    await client.incidentComments.createOrUpdate(...AT, made.name, comment, { message: 'from **js**' });
    assert.deepEqual((await all(client.incidentComments.list(...AT, made.name))).map((c) => [c.name, c.message]), [[comment, 'from **js**']]);

    const mark = await client.bookmarks.createOrUpdate(...AT, randomUUID(), { displayName: 'odd', query: 'SigninLogs | take 1', labels: ['x'] });
    await client.incidentRelations.createOrUpdate(...AT, made.name, randomUUID(), { relatedResourceId: mark.id });
    const marks = await client.incidents.listBookmarks(...AT, made.name);
    assert.deepEqual(marks.value.map((b) => [b.name, b.displayName]), [[mark.name, 'odd']]);
    const relations = await all(client.incidentRelations.list(...AT, made.name));
    assert.deepEqual(relations.map((r) => [r.relatedResourceName, r.relatedResourceType]), [[mark.name, 'Microsoft.SecurityInsights/Bookmarks']]);
  });

  test('watchlists and threat indicators', async () => {
    const alias = `js${randomUUID().slice(0, 8)}`;
    await client.watchlists.createOrUpdate(...AT, alias, {
      displayName: 'gates',
      provider: 'Fabrikam',
      source: 'Local file',
      itemsSearchKey: 'Address',
      contentType: 'text/csv',
      rawContent: 'Address,Owner\n203.0.113.2,Ana\n203.0.113.3,Ben\n',
    });
    const items = await all(client.watchlistItems.list(...AT, alias));
    assert.deepEqual(items.map((item) => [item.itemsKeyValue.Address, item.itemsKeyValue.Owner]).sort(), [['203.0.113.2', 'Ana'], ['203.0.113.3', 'Ben']]);
    await client.watchlists.delete(...AT, alias);
    await assert.rejects(client.watchlists.get(...AT, alias), { statusCode: 404 });

    const source = `js-${randomUUID().slice(0, 8)}`;
    const made = await client.threatIntelligenceIndicator.createIndicator(...AT, {
      kind: 'indicator',
      source,
      displayName: 'one',
      pattern: "[ipv4-addr:value = '203.0.113.2']",
      patternType: 'ipv4-addr',
      threatTypes: ['malicious-activity'],
      confidence: 60,
    });
    const found = await all(client.threatIntelligenceIndicator.listQueryIndicators(...AT, { sources: [source], pageSize: 1 }));
    assert.deepEqual(found.map((i) => [i.name, i.displayName, i.confidence]), [[made.name, 'one', 60]]);
    await client.threatIntelligenceIndicator.delete(...AT, made.name);
  });

  test('expansion queries', async () => {
    const listed = await all(client.entityQueries.list(...AT, { kind: 'Expansion' }));
    assert.ok(listed.some((query) => query.name === EXPAND_ALERT));
    assert.ok(listed.every((query) => query.kind === 'Expansion' && query.displayName));
  });
});
