/** Tasks of node-cron are reported, and go on whatever becomes of their reports. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { listen } from 'dogwrap/node-cron';
import cron from 'node-cron';

import { api, reporterTo, temporaryDirectory } from './support.mjs';

const EVERY_SECOND = '* * * * * *';

/** node-cron logs failures itself, which is nothing for the output of tests. */
const logger = { info() {}, warn() {}, error() {}, debug() {} };

/** A task that is gone after the test. */
function scheduled(t, run, options = {}) {
  const task = cron.schedule(EVERY_SECOND, run, { logger, ...options });
  t.after(() => task.destroy());
  return task;
}

/** A task that runs only when it is asked to. */
function onDemand(t, run, options = {}) {
  const task = scheduled(t, run, options);
  task.stop();
  return task;
}

test('runs that succeed and fail are reported', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url, { submitMode: 'all' });
  const outcomes = [() => 7, () => Promise.reject(new Error('disk full'))];
  const task = onDemand(t, () => outcomes.shift()(), { name: 'nightly backup' });
  const end = listen(task, reporter);
  assert.equal(await task.execute(), 7);
  await assert.rejects(task.execute(), /disk full/);
  await reporter.flush();
  const [good, bad] = server.requests.map(({ body }) => body);
  assert.match(good.title, /^\[vm\] nightly backup succeeded in \d/);
  assert.equal(good.alert_type, 'success');
  assert.match(bad.title, /^\[vm\] nightly backup failed in \d/);
  assert.match(bad.text, /Error: disk full[^]*node-cron\.test\.mjs/);
  end();
  outcomes.push(() => 8);
  await task.execute();
  await reporter.flush();
  assert.equal(server.requests.length, 2, 'nobody listens any more');
});

test('a job is named by the task, by its pattern, or by the caller', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url, { submitMode: 'all' });
  const task = onDemand(t, () => {});
  listen(task, reporter);
  listen(task, reporter, { name: 'mine' });
  await task.execute();
  await reporter.flush();
  assert.deepEqual(server.requests.map(({ body }) => body.aggregation_key).sort(), [EVERY_SECOND, 'mine']);
});

test('a task in a process of its own is reported alike', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url);
  const path = join(temporaryDirectory(t), 'backup.mjs');
  writeFileSync(path, "export const task = async () => { throw new Error('disk full'); };");
  const task = cron.createTask(EVERY_SECOND, path, { logger, name: 'apart' });
  listen(task, reporter);
  await task.start();
  await server.received(1);
  await task.destroy();
  await reporter.close();
  assert.match(server.requests[0].body.title, /^\[vm\] apart failed in \d+\.\d\ds$/);
  assert.match(server.requests[0].body.text, /Error: disk full[^]*backup\.mjs/);
});

test('what goes wrong with a report is only said', async (t) => {
  const { reporter, messages } = reporterTo(t, 'http://127.0.0.1:1');
  const task = onDemand(t, () => 7);
  listen(task, reporter, { name: '' });
  assert.equal(await task.execute(), 7);
  assert.deepEqual(messages, ["dogwrap: a run of '' is not reported: the command is empty"]);
});

describe('on schedule', { concurrency: true }, () => {
  test('an API that never answers does not hold up the schedule', async (t) => {
    const server = await api(t, 'never');
    const { reporter, waiting } = reporterTo(t, server.url, { deliveryTimeout: 1 });
    let runs = 0;
    const task = await new Promise((resolve) => {
      const task = scheduled(t, () => {
        runs += 1;
        if (runs === 3) resolve(task);
        throw new Error('disk full');
      });
      listen(task, reporter);
    });
    task.stop();
    await reporter.close();
    assert.equal(waiting().length, runs);
    assert.ok(server.requests.length > 0);
  });

  test('a run that noOverlap prevents is reported', async (t) => {
    const server = await api(t, 202);
    const { reporter } = reporterTo(t, server.url);
    let finish;
    const task = scheduled(t, () => new Promise((resolve) => (finish = resolve)), { noOverlap: true, name: 'slow' });
    const end = listen(task, reporter);
    await server.received(1);
    task.stop();
    end();
    finish();
    await reporter.close();
    assert.match(server.requests[0].body.text, /it was not run at \d{4}-.*: the run before still goes on/);
    assert.equal(server.requests[0].body.alert_type, 'error');
  });

  test('a run beside another is none that was prevented', async (t) => {
    const server = await api(t, 202);
    const { reporter, waiting } = reporterTo(t, server.url);
    const finish = [];
    await new Promise((resolve) => {
      const run = () => new Promise((finished) => finish.push(finished) > 3 && resolve());
      listen(scheduled(t, run), reporter);
    });
    finish.forEach((finished) => finished());
    await reporter.close();
    assert.deepEqual([server.requests, waiting()], [[], []]);
  });
});

test('a run that was missed is reported', async (t) => {
  const server = await api(t, 202);
  const { reporter } = reporterTo(t, server.url);
  const task = scheduled(t, () => {}, { name: 'missed' });
  listen(task, reporter);
  // The process is as busy as it takes for a run to be missed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3500);
  await server.received(1);
  task.stop();
  await reporter.close();
  assert.match(server.requests[0].body.text, /it was not run at \d{4}-.*: the process was busy/);
});
