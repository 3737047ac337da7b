// A real `clew serve --tls` on a copy of the prepared data directory, and what was put into it, read with plain JSON.
// NODE_EXTRA_CA_CERTS has to be set before node starts: `tests/clients/run` does.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const template = process.env.CLEW_TEMPLATE;

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
export const DEFENDER_SUBSCRIPTION = '0b5e7f3a-1d2c-4e6f-8a90-1b2c3d4e5f60';
export const AT = ['default', 'default'];

export async function serve() {
  const folder = mkdtempSync(join(tmpdir(), 'clew-clients-'));
  cpSync(join(template, 'data'), join(folder, 'data'), { recursive: true });
  const token = readFileSync(join(template, 'token'), 'utf8').trim();
  const child = spawn(process.env.CLEW_BIN ?? 'clew', ['serve', '--tls', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    const port = line.match(/listens at https:\/\/\S+?:(\d+)/)?.[1];
    if (port) {
      child.stderr.resume();
      const url = `https://localhost:${port}`;
      await ready(url);
      return {
        url,
        token,
        async stop() {
          child.kill();
          await gone;
          rmSync(folder, { recursive: true, force: true });
        },
      };
    }
  }
  throw new Error('clew ended before it listened');
}

/** Until the journal is read; a bound, not a pause. */
async function ready(url) {
  const until = Date.now() + 300_000;
  for (;;) {
    const { status } = await fetch(`${url}/v1/ready`);
    if (status === 200) return;
    if (status !== 503 || Date.now() > until) throw new Error(`/v1/ready answers ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A bearer token that somebody was given. */
export const bearer = (token) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });

/** What the JS management clients need: `endpoint` for the scope, `$host` for the requests. */
export const options = (url) => ({ endpoint: url, $host: url });

const read = (name) => readFileSync(new URL(`../data/${name}`, import.meta.url), 'utf8');
const lines = (name) => read(name).trim().split('\n').map((line) => JSON.parse(line));

export const INCIDENTS = lines('incidents.jsonl');
export const ALERTS = new Map(lines('alerts.jsonl').map((alert) => [alert.SystemAlertId, alert]));
export const DEFENDER_ALERTS = JSON.parse(read('defender_alerts.json')).value;
export const incident = (number) => INCIDENTS.find((row) => row.IncidentNumber === number);

export async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}
