/** Several programs with one state directory: each event is delivered once, whoever kept it and whoever delivers it. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { delivery } from 'dogwrap/rules';

import { API_KEY, FAILED, api, reporterTo } from './support.mjs';

const execute = promisify(execFile);

const NUMBER = 20;

const FLUSH = `
  import { Reporter } from 'dogwrap';
  console.log(await new Reporter({ spoolDir: process.env.SPOOL }).flush());
`;

/** What a program with the same key, site and state directory finds in its environment. */
function environment(url, spoolDir) {
  return {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    DD_HOSTNAME: 'vm',
    DD_API_KEY: API_KEY,
    DD_SITE: url,
    SPOOL: spoolDir,
  };
}

function flushElsewhere(url, spoolDir) {
  const options = { cwd: import.meta.dirname, env: environment(url, spoolDir) };
  return execute(process.execPath, ['--input-type=module', '--eval', FLUSH], options);
}

/** Runs the native program. It ends with a status that is none of its own making. */
function dogwrap(url, spoolDir, ...args) {
  return execute(process.env.DOGWRAP, ['--spool_dir', spoolDir, ...args], { env: environment(url, spoolDir) });
}

/** Why tests of the native program are skipped. */
const skip = process.env.DOGWRAP ? false : 'SKIPPED: DOGWRAP does not name the native program';

/** Events that wait, each of a job of its own. */
function keepMany(t, url, spoolDir) {
  const { reporter, ...rest } = reporterTo(t, url, { deliveryTimeout: 0, spoolDir });
  for (let number = 0; number < NUMBER; number += 1) reporter.report({ ...FAILED, job: `job ${number}` });
  return rest;
}

/** An API that answers nobody before two deliverers are at it. */
async function apiForTwo(t) {
  const held = [];
  const server = await api(t, (response) => {
    held.push(response);
    if (server.requests.length > 1) held.splice(0).forEach((response) => response.writeHead(202).end());
  });
  return server;
}

function assertEachOnce(requests) {
  const titles = requests.map(({ body }) => body.title);
  assert.equal(new Set(titles).size, NUMBER);
  assert.equal(titles.length, NUMBER);
}

test('two processes deliver the same spool', async (t) => {
  const server = await apiForTwo(t);
  const { spoolDir, waiting } = keepMany(t, server.url);
  await Promise.all([flushElsewhere(server.url, spoolDir), flushElsewhere(server.url, spoolDir)]);
  assertEachOnce(server.requests);
  assert.deepEqual(waiting(), []);
});

test('a process and the native program deliver the same spool', { skip }, async (t) => {
  const server = await apiForTwo(t);
  const { spoolDir, waiting } = keepMany(t, server.url);
  await Promise.all([flushElsewhere(server.url, spoolDir), dogwrap(server.url, spoolDir, '--flush')]);
  assertEachOnce(server.requests);
  assert.deepEqual(waiting(), []);
});

test('the native program lists and delivers what was kept here', { skip }, async (t) => {
  const server = await api(t, 202);
  const { spoolDir, waiting } = keepMany(t, server.url);
  const { stdout } = await dogwrap(server.url, spoolDir, '--spool', '--json');
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([listed.length, new Set(listed.map(({ state }) => state)).size], [NUMBER, 1]);
  await dogwrap(server.url, spoolDir, '--flush');
  assertEachOnce(server.requests);
  assert.deepEqual(waiting(), []);
});

test('what the native program kept is delivered here', { skip }, async (t) => {
  const server = await api(t, 202);
  const { reporter, spoolDir, waiting } = reporterTo(t, server.url);
  await assert.rejects(dogwrap(server.url, spoolDir, '--delivery_timeout', '0', '-n', 'native', 'exit 3'), { code: 3 });
  assert.equal(waiting().length, 1);
  reporter.report({ ...FAILED, outcome: { exited: 0 } });
  await server.received(1);
  await reporter.close();
  assert.match(server.requests[0].body.title, /native failed/);
  assert.deepEqual(waiting(), []);
});

test('a claim counts until it is over', async (t) => {
  const server = await api(t, 202);
  const { spoolDir } = keepMany(t, server.url);
  const spool = join(spoolDir, 'spool');
  const now = Date.now() / 1000;
  const names = readdirSync(spool).sort();
  const claims = [now - 1, now + 60].map((val, index) => {
    const claimed = delivery.claim(names[index], { tag: 'until', val });
    renameSync(join(spool, names[index]), join(spool, claimed));
    return claimed;
  });
  assert.equal(await reporterTo(t, server.url, { spoolDir }).reporter.flush(), 0);
  assert.equal(server.requests.length, NUMBER - 1);
  assert.deepEqual(readdirSync(spool), [claims[1]]);
});

test('it works in a worker, and what a process that ends at once has reported is on the disk', async (t) => {
  const server = await api(t, 202);
  const { reporter, spoolDir, waiting } = reporterTo(t, server.url);
  const program = `
    import('dogwrap').then(({ Reporter }) => {
      new Reporter({ spoolDir: process.env.SPOOL }).report(${JSON.stringify(FAILED)});
      process.exit();
    });
  `;
  const worker = new Worker(program, { eval: true, env: environment(server.url, spoolDir) });
  await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  assert.deepEqual([waiting().length, server.requests.length], [1, 0]);
  const options = { cwd: import.meta.dirname, env: environment(server.url, spoolDir) };
  await execute(process.execPath, ['--eval', program], options);
  assert.deepEqual([waiting().length, server.requests.length], [2, 0]);
  assert.equal(await reporter.flush(), 0);
  assert.deepEqual([waiting().length, server.requests.length], [0, 2]);
});
