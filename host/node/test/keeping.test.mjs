/** What is kept, where, and for how long; and that the key is nowhere. */

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { API_KEY, FAILED, api, reporterTo, temporaryDirectory } from './support.mjs';

test('without a key events are kept for whoever has one', async (t) => {
  const server = await api(t, 202);
  const { reporter, messages, spoolDir, waiting } = withoutKey(() => reporterTo(t, server.url, { apiKey: undefined }));
  reporter.report(FAILED);
  await reporter.close();
  assert.equal(waiting().length, 1);
  assert.match(
    messages[0],
    /event of 'nightly' not delivered to \S+: no API key was given; kept .*'DD_API_KEY=\.\.\. dogwrap --flush/,
  );
  assert.equal(await reporterTo(t, server.url, { spoolDir }).reporter.flush(), 0);
  assert.equal(server.requests.length, 1);
});

function withoutKey(make) {
  const { DD_API_KEY, DATADOG_API_KEY } = process.env;
  delete process.env.DD_API_KEY;
  delete process.env.DATADOG_API_KEY;
  try {
    return make();
  } finally {
    Object.assign(process.env, DD_API_KEY && { DD_API_KEY }, DATADOG_API_KEY && { DATADOG_API_KEY });
  }
}

test('with no time to deliver events are only kept', async (t) => {
  const server = await api(t, 202);
  const { reporter, messages, waiting } = reporterTo(t, server.url, { deliveryTimeout: 0 });
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 1);
  assert.deepEqual([server.requests.length, waiting().length], [0, 1]);
  assert.match(messages[0], /no time was given to deliver it; kept/);
});

test('where nothing can be kept it is said, and delivered from memory', async (t) => {
  const server = await api(t, 500, 202);
  const spoolDir = join(temporaryDirectory(t), 'file');
  writeFileSync(spoolDir, '');
  const { reporter, messages } = reporterTo(t, server.url, { spoolDir, deliveryTimeout: 10 });
  reporter.report(FAILED);
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 0);
  assert.equal(server.requests.length, 3);
  assert.deepEqual(messages, [
    `dogwrap: nothing is kept before it is sent: the state directory '${spoolDir}' is no directory, or a symbolic link`,
  ]);
  const gone = await api(t, 202);
  await gone.close();
  const lost = reporterTo(t, gone.url, { spoolDir, deliveryTimeout: 0.3 });
  lost.reporter.report(FAILED);
  await lost.reporter.close();
  assert.match(lost.messages[1], /connection refused; and not kept: the state directory/);
});

test('what is only in memory is tried again in the next round', async (t) => {
  const server = await api(t, 403, 202);
  const spoolDir = join(temporaryDirectory(t), 'file');
  writeFileSync(spoolDir, '');
  const { reporter, messages } = reporterTo(t, server.url, { spoolDir });
  reporter.report({ ...FAILED, job: 'lost' });
  reporter.report({ ...FAILED, job: 'delivered' });
  assert.equal(await reporter.flush(), 0);
  assert.deepEqual(
    server.requests.map(({ body }) => body.aggregation_key),
    ['lost', 'delivered'],
  );
  assert.match(messages[1], /^dogwrap: event of 'lost' not delivered to .*: 403 Forbidden: .*; and not kept: /);
});

test("a directory of somebody else's is not used", async (t) => {
  const server = await api(t, 202);
  let spoolDir = '/usr';
  if (process.geteuid() === 0) {
    spoolDir = temporaryDirectory(t);
    chownSync(spoolDir, 1, 1);
  }
  const { reporter, messages } = reporterTo(t, server.url, { spoolDir });
  reporter.report(FAILED);
  await reporter.close();
  assert.match(messages[0], /belongs to another user$/);
  assert.equal(server.requests.length, 1);
});

test('a directory that is not safe is not used', async (t) => {
  const server = await api(t, 202);
  const parent = temporaryDirectory(t);
  mkdirSync(join(parent, 'open'), { mode: 0o700 });
  chmodSync(join(parent, 'open'), 0o770);
  mkdirSync(join(parent, 'own'), { mode: 0o700 });
  symlinkSync('own', join(parent, 'link'));
  for (const [name, reason] of [
    ['open', /can be written by others/],
    ['link', /is no directory, or a symbolic link/],
  ]) {
    const { reporter, messages } = reporterTo(t, server.url, { spoolDir: join(parent, name) });
    reporter.report(FAILED);
    await reporter.close();
    assert.match(messages[0], reason);
  }
  assert.deepEqual([readdirSync(join(parent, 'open')), readdirSync(join(parent, 'own'))], [[], []]);
  assert.equal(server.requests.length, 2);
});

test("files are the owner's alone, and the key is in none of them, nor shown", async (t) => {
  const server = await api(t, 403);
  const { reporter, messages, spoolDir, waiting } = reporterTo(t, server.url);
  reporter.report({ ...FAILED, stdout: 'output' });
  const mode = (path) => statSync(path).mode & 0o777;
  assert.deepEqual([mode(spoolDir), mode(join(spoolDir, 'spool'))], [0o700, 0o700]);
  assert.equal(mode(join(spoolDir, 'spool', waiting()[0].name)), 0o600);
  await server.received(1);
  await reporter.close();
  const all = [
    inspect(reporter, { showHidden: true, depth: 9 }),
    JSON.stringify(reporter),
    ...messages,
    ...waiting().map(({ text }) => text),
  ];
  assert.ok(all.every((text) => !text.includes(API_KEY)) && messages.length > 0);
});

test('whatever the means of sending says, the key is not repeated', async (t) => {
  const fetch = async (url, { headers }) => {
    throw new Error(`${url} ${headers.join()}`);
  };
  const { reporter, messages, waiting } = reporterTo(t, 'http://127.0.0.1:1', { fetch, deliveryTimeout: 0.2 });
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 1);
  assert.match(messages[0], /dd-api-key,\*\*\*/);
  assert.ok([...messages, waiting()[0].text].every((text) => !text.includes(API_KEY)));
});

test('more than is kept falls out, and is said', async (t) => {
  const { reporter, spoolDir, messages, waiting } = reporterTo(t, 'http://127.0.0.1:1', { deliveryTimeout: 0 });
  mkdirSync(join(spoolDir, 'spool'), { recursive: true, mode: 0o700 });
  for (let index = 0; index < 1000; index += 1) {
    writeFileSync(join(spoolDir, 'spool', `${1795376346000 + index}-0000000000000000-0.json`), '');
  }
  reporter.report({ ...FAILED, endedAt: 1795376350 });
  assert.equal(waiting().length, 1000);
  assert.match(messages[0], /^dogwrap: lost for good, more than 1000 wait: .*1795376346000-0000000000000000-0\.json$/);
});

test('what has become too old says when it happened, or is set aside', async (t) => {
  const server = await api(t, 202);
  const endedAt = Date.now() / 1000 - 20 * 60 * 60;
  const { reporter, spoolDir } = reporterTo(t, server.url, { deliveryTimeout: 0, sendMetric: true });
  reporter.report({ ...FAILED, endedAt });
  const later = reporterTo(t, server.url, { spoolDir });
  assert.equal(await later.reporter.flush(), 0);
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ['/api/v1/events'],
  );
  assert.ok(server.requests[0].body.text.includes(new Date(endedAt * 1000).toISOString().slice(0, 10)));
  assert.deepEqual([later.waiting().length, later.setAside().length], [0, 1]);
  assert.match(later.messages[0], /set aside, it has become too old; see 'dogwrap --spool'$/);
});
