/** Jobs of Bree are reported, and go on whatever becomes of their reports. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import Bree from 'bree';
import { listen } from 'dogwrap/bree';

import { api, reporterTo, temporaryDirectory } from '../support.mjs';

/** A Bree with these jobs, each a worker with this program, that says nothing. */
function breeOf(t, programs, options = {}) {
  const root = temporaryDirectory(t);
  const jobs = Object.entries(programs).map(([name, program]) => {
    writeFileSync(join(root, `${name}.js`), program);
    return { name };
  });
  const bree = new Bree({ root, jobs, logger: false, ...options });
  t.after(() => bree.stop());
  return bree;
}

/** Runs a job to its end. */
async function run(bree, name) {
  const end = once(bree, 'worker deleted');
  await bree.run(name);
  assert.deepEqual(await end, [name]);
}

test('jobs that succeed and fail are reported', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url, { submitMode: 'all' });
  const bree = breeOf(t, {
    good: '',
    done: "require('node:worker_threads').parentPort.postMessage('done'); setInterval(() => {}, 1000);",
    failed: "throw new Error('disk full')",
    ended: 'process.exit(3)',
    odd: 'process.exit(256)',
  });
  const end = listen(bree, reporter);
  for (const name of ['good', 'done', 'failed', 'ended', 'odd']) await run(bree, name);
  await reporter.flush();
  const titles = server.requests.map(({ body }) => body.title.replace(/[\d.]+s$/, '?s'));
  assert.deepEqual(titles, [
    '[vm] good succeeded in ?s',
    '[vm] done succeeded in ?s',
    '[vm] failed failed in ?s',
    '[vm] ended failed in ?s',
    '[vm] odd failed in ?s',
  ]);
  const [, , failed, ended, odd] = server.requests.map(({ body }) => body.text);
  assert.match(failed, /failed\.js[^]*Error: disk full/);
  assert.match(ended, /EXIT CODE <<<<\*\*\s+3\s/);
  assert.match(odd, /EXIT CODE <<<<\*\*\s+255\s/);
  end();
  await run(bree, 'failed');
  await reporter.flush();
  assert.equal(server.requests.length, 5, 'nobody listens any more');
});

test('a worker that Bree ends is reported', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url);
  const slow = 'setInterval(() => {}, 1000);';
  const cancellable = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', () => parentPort.postMessage('cancelled')).postMessage('ready');
  `;
  const limited = breeOf(t, { slow }, { closeWorkerAfterMs: 200 });
  listen(limited, reporter);
  await run(limited, 'slow');
  let ready;
  const workerMessageHandler = () => ready();
  const bree = breeOf(t, { cancellable }, { workerMessageHandler });
  listen(bree, reporter);
  const isReady = new Promise((resolve) => (ready = resolve));
  await bree.run('cancellable');
  await isReady;
  await bree.stop('cancellable');
  await reporter.flush();
  const [timedOut, cancelled] = server.requests.map(({ body }) => body);
  assert.match(timedOut.title, /slow timed? ?out/i);
  assert.match(cancelled.text, /it ended because it was asked to/);
});

test('an API that never answers does not hold up the schedule', async (t) => {
  const server = await api(t, 'never');
  const { reporter, waiting } = reporterTo(t, server.url, { deliveryTimeout: 1 });
  const bree = breeOf(t, { failed: "throw new Error('disk full')" }, { interval: 300 });
  listen(bree, reporter);
  await bree.start();
  for (let runs = 0; runs < 3; runs += 1) await once(bree, 'worker deleted');
  await bree.stop();
  await reporter.close();
  assert.ok(waiting().length >= 3 && server.requests.length > 0);
});
