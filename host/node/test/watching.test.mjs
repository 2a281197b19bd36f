/** Functions are watched, and whatever is called is called safely. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FAILED, api, reporterTo } from './support.mjs';

test('a function is watched: what it returns and throws is passed on, and an exception is reported', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url);
  assert.equal(await reporter.watch('good', async () => 7), 7);
  const error = new Error('disk full', { cause: new Error('quota') });
  await assert.rejects(
    reporter.watch('bad', async function backup() {
      throw error;
    }),
    error,
  );
  await assert.rejects(
    reporter.watch('worse', () => {
      throw Object.create(null);
    }),
  );
  await reporter.flush();
  const [bad, worse] = server.requests.map(({ body }) => body);
  assert.equal(server.requests.length, 2);
  assert.match(bad.text, /backup[^]*disk full[^]*watching\.test\.mjs[^]*caused by: Error: quota/);
  assert.match(worse.title, /worse failed/);
});

test('a log that throws harms nobody', async (t) => {
  const { reporter, waiting } = reporterTo(t, 'http://127.0.0.1:1', {
    deliveryTimeout: 0,
    log: () => {
      throw new Error('log');
    },
  });
  reporter.report(FAILED);
  assert.equal(waiting().length, 1);
});
