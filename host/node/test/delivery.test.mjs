/** What becomes of reports: delivered at once or later, kept, or set aside. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';

import { API_KEY, FAILED, api, reporterTo, temporaryDirectory } from './support.mjs';

test('what is accepted is delivered once, with the key, and nothing is said or left', async (t) => {
  const server = await api(t, 202);
  const { reporter, messages, waiting } = reporterTo(t, server.url, { sendMetric: true });
  reporter.report(FAILED);
  assert.equal(waiting().length, 2, 'it is on the disk when report returns');
  assert.equal(await reporter.flush(), 0);
  assert.deepEqual(
    server.requests.map(({ path }) => path),
    ['/api/v1/series', '/api/v1/events'],
  );
  const { headers, body } = server.requests[1];
  assert.equal(headers['dd-api-key'], API_KEY);
  assert.equal(headers['content-type'], 'application/json');
  assert.match(headers['user-agent'], /^dogwrap\//);
  assert.equal(body.title, '[vm] nightly failed in 1.50s');
  assert.deepEqual([messages, waiting()], [[], []]);
});

test('it is delivered while nobody waits for it', async (t) => {
  const server = await api(t, 202);
  const { reporter, waiting } = reporterTo(t, server.url);
  reporter.report(FAILED);
  await server.received(1);
  await reporter.close();
  assert.equal(waiting().length, 0);
});

test('what passes is tried again', async (t) => {
  const server = await api(t, 500, 202);
  const { reporter, messages, waiting } = reporterTo(t, server.url, { deliveryTimeout: 10 });
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 0);
  assert.equal(server.requests.length, 2);
  assert.deepEqual([messages, waiting()], [[], []]);
});

test('a request that fails keeps no other from being delivered', async (t) => {
  const answer = (response) => response.writeHead(server.requests.at(-1).path.endsWith('series') ? 503 : 202).end();
  const server = await api(t, answer);
  const { reporter, waiting, messages } = reporterTo(t, server.url, { sendMetric: true, deliveryTimeout: 1 });
  reporter.report(FAILED);
  await server.received(2);
  await reporter.close();
  assert.equal(server.requests.filter(({ path }) => path.endsWith('events')).length, 1);
  assert.equal(waiting().length, 1);
  assert.match(
    messages[0],
    /^dogwrap: metric of 'nightly' not delivered to http:\S+: 503 Service Unavailable; kept for a later/,
  );
});

test('an API that wants to be left alone is, with every event', async (t) => {
  const times = [];
  const answer = (response) => {
    times.push(performance.now());
    response.writeHead(times.length === 1 ? 429 : 202, { 'retry-after': '1' }).end();
  };
  const server = await api(t, answer);
  const { reporter, messages, waiting } = reporterTo(t, server.url, { deliveryTimeout: 10 });
  reporter.report(FAILED);
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 0);
  assert.deepEqual([times.length, waiting(), messages], [3, [], []]);
  assert.ok(times[1] - times[0] >= 1000, `${times[1] - times[0]} ms`);
});

test('a key that is refused leaves the event waiting, for any other key', async (t) => {
  const server = await api(t, 403, 202);
  const { reporter, messages, waiting, spoolDir } = reporterTo(t, server.url);
  reporter.report(FAILED);
  await server.received(1);
  await reporter.close();
  assert.equal(waiting().length, 1);
  assert.match(messages[0], /the API does not accept the key: 403 Forbidden: the words of the API; kept/);
  assert.ok(
    messages[0].endsWith(`'DD_API_KEY=... dogwrap --flush --spool_dir ${spoolDir} --site ${server.url}'`),
    messages[0],
  );
  const elsewhere = await api(t, 202);
  const apiKey = 'b'.repeat(32);
  assert.equal(await reporterTo(t, elsewhere.url, { spoolDir, apiKey }).reporter.flush(), 0, 'it is for another site');
  assert.deepEqual([elsewhere.requests.length, waiting().length], [0, 1]);
  assert.equal(await reporterTo(t, server.url, { spoolDir, apiKey }).reporter.flush(), 0);
  assert.deepEqual([server.requests.at(-1).headers['dd-api-key'], waiting().length], [apiKey, 0]);
});

test('a key that is refused is not tried with every event that waits', async (t) => {
  const server = await api(t, 403);
  const { reporter, messages, waiting } = reporterTo(t, server.url);
  reporter.report(FAILED);
  reporter.report(FAILED);
  await server.received(1);
  await reporter.close();
  assert.deepEqual([server.requests.length, waiting().length], [1, 2]);
  assert.match(messages[1], /^dogwrap: 1 more not delivered to http:\S+ yet$/);
});

test('what the API will never accept is set aside', async (t) => {
  const server = await api(t, 400);
  const { reporter, messages, waiting, setAside } = reporterTo(t, server.url);
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 0);
  assert.deepEqual([waiting().length, setAside().length, server.requests.length], [0, 1, 1]);
  assert.match(messages[0], /400 Bad Request: the words of the API; set aside, see 'dogwrap --spool'$/);
});

test('redirects are not followed', async (t) => {
  const other = await api(t, 202);
  const server = await api(t, (response) => response.writeHead(307, { location: `${other.url}/api/v1/events` }).end());
  const { reporter, waiting } = reporterTo(t, server.url);
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 1);
  assert.deepEqual([other.requests.length, waiting().length], [0, 1]);
});

test('a connection that is refused: kept, and delivered by a later reporter', async (t) => {
  const gone = await api(t, 202);
  await gone.close();
  const { reporter, messages, spoolDir, waiting } = reporterTo(t, gone.url, { deliveryTimeout: 0.5 });
  reporter.report(FAILED);
  await reporter.close();
  assert.equal(waiting().length, 1);
  assert.match(messages[0], /event of 'nightly' not delivered to \S+: connection refused; kept for a later run/);

  const server = await api(t, 202);
  const port = new URL(gone.url).port;
  const through = (url, options) => fetch(url.replace(`:${port}`, `:${new URL(server.url).port}`), options);
  const later = reporterTo(t, gone.url, { spoolDir, fetch: through });
  later.reporter.report({ ...FAILED, outcome: { exited: 0 } });
  await server.received(1);
  await later.reporter.close();
  assert.deepEqual([server.requests.length, waiting().length, later.messages.length], [1, 0, 0]);
  assert.ok(server.requests[0].body.date_happened > 0);
});

test('an API that never answers: report returns at once, and the event is kept', async (t) => {
  const server = await api(t, 'never');
  const { reporter, messages, waiting } = reporterTo(t, server.url, { deliveryTimeout: 0.3 });
  reporter.report(FAILED);
  assert.equal(server.requests.length, 0);
  assert.equal(waiting().length, 1);
  await server.received(1);
  await reporter.close();
  assert.equal(waiting().length, 1);
  assert.match(messages[0], /no answer in time; kept/);
});

test('an answer without end is cut', { timeout: 15_000 }, async (t) => {
  const server = await api(t, (response) => {
    response.writeHead(400);
    response.write('x'.repeat(100_000));
  });
  const { reporter, setAside } = reporterTo(t, server.url, { deliveryTimeout: 30 });
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 0);
  assert.equal(setAside().length, 1);
});

test('whoever has no certificate that is trusted is not tried again', async (t) => {
  const certificate = selfSigned(t);
  if (!certificate) return t.skip('SKIPPED: there is no openssl to make a certificate with');
  const requests = [];
  const server = createServer(certificate, (request) => requests.push(request)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `https://127.0.0.1:${server.address().port}`;
  const { reporter, messages, waiting } = reporterTo(t, url, { deliveryTimeout: 10 });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  reporter.report(FAILED);
  assert.equal(await reporter.flush(), 1);
  assert.match(messages[0], /not delivered to https:\S+: self.signed certificate; kept for a later run/);
  assert.equal(connections, 2, 'one after the report, and one since it was asked for');
  assert.deepEqual([requests.length, waiting().length], [0, 1]);
});

/** A certificate for the loopback that nobody trusts, and its key; none when there is no openssl. */
function selfSigned(t) {
  const directory = temporaryDirectory(t);
  const [key, cert] = ['key', 'cert'].map((name) => join(directory, name));
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=127.0.0.1'];
  const { error } = spawnSync('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', cert]);
  return error ? undefined : { key: readFileSync(key), cert: readFileSync(cert) };
}
