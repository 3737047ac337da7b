import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SecurityCenter } from '@azure/arm-security';
import { SecurityInsights } from '@azure/arm-securityinsight';
import { DefaultAzureCredential } from '@azure/identity';
import { LogsQueryClient, LogsQueryResultStatus } from '@azure/monitor-query-logs';
import { AT, DEFENDER_ALERTS, DEFENDER_SUBSCRIPTION, INCIDENTS, SUBSCRIPTION, all, bearer, options, serve } from './clew.mjs';

let server;
before(async () => (server = await serve()));
after(() => server.stop());

describe('@azure/arm-security', () => {
  test('alerts of every page, one alert, its states', async () => {
    const client = new SecurityCenter(bearer(server.token), DEFENDER_SUBSCRIPTION, options(server.url));
    const listed = (await all(client.alerts.list())).map((alert) => alert.name);
    assert.equal(new Set(listed).size, listed.length);
    // The sample data has alerts of other subscriptions and of none beside these.
    const names = DEFENDER_ALERTS.map((alert) => alert.name);
    assert.deepEqual(names.filter((name) => !listed.includes(name)), []);
    const known = DEFENDER_ALERTS.find((alert) => alert.id.includes('/resourceGroups/'));
    const [, group, region] = known.id.match(/resourceGroups\/([^/]+)\/.*locations\/([^/]+)/);
    const got = await client.alerts.getResourceGroupLevel(region, known.name, group);
    assert.deepEqual([got.id, got.alertDisplayName, got.severity], [known.id, known.properties.alertDisplayName, known.properties.severity]);
    await client.alerts.updateResourceGroupLevelStateToDismiss(region, known.name, group);
    assert.equal((await client.alerts.getSubscriptionLevel(region, known.name)).status, 'Dismissed');
    await client.alerts.updateSubscriptionLevelStateToActivate(region, known.name);
    assert.equal((await client.alerts.getSubscriptionLevel(region, known.name)).status, 'Active');
  });
});

describe('@azure/monitor-query-logs', () => {
  const forever = { duration: 'P36500D' };
  for (const suffix of ['', '/v1']) {
    test(`a query at the address${suffix || ' itself'}`, async () => {
      const client = new LogsQueryClient(bearer(server.token), { endpoint: server.url + suffix });
      const answer = await client.queryWorkspace('default', 'SigninLogs | count', forever);
      assert.equal(answer.status, LogsQueryResultStatus.Success);
      // 4 of the 60 rows have no time, so that no span of time holds them.
      assert.deepEqual(answer.tables[0].rows, [[56]]);
      const day = await client.queryWorkspace('default', 'SigninLogs | count', {
        startTime: new Date('2021-04-28T00:00:00Z'),
        endTime: new Date('2021-04-29T00:00:00Z'),
      });
      assert.deepEqual(day.tables[0].rows, [[56]]);
    });
  }

  test('a batch with a mistake', async () => {
    const client = new LogsQueryClient(bearer(server.token), { endpoint: server.url });
    const [good, bad] = await client.queryBatch([
      { workspaceId: 'default', query: 'AzureActivity | count', timespan: forever },
      { workspaceId: 'default', query: 'NoSuchTable | count', timespan: forever },
    ]);
    assert.deepEqual(good.tables[0].rows, [[23]]);
    // The package calls every error beside a list of tables, even none, a partial one.
    assert.equal(bad.status, LogsQueryResultStatus.PartialFailure);
    assert.equal(bad.partialError.code, 'BadArgumentError');
  });
});

describe('@azure/identity', () => {
  test('DefaultAzureCredential with the identity of the platform', async () => {
    process.env.IDENTITY_ENDPOINT = `${server.url}/msi/token`;
    process.env.IDENTITY_HEADER = server.token;
    const client = new SecurityInsights(new DefaultAzureCredential(), SUBSCRIPTION, options(server.url));
    assert.equal((await client.incidents.get(...AT, INCIDENTS[0].IncidentName)).incidentNumber, 1001);
  });
});
