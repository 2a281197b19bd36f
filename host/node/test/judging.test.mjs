/** What runs are worth, and which runs and settings make no sense. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { InvalidRun, InvalidSettings, Reporter } from 'dogwrap';

import { API_KEY, FAILED } from './support.mjs';

const judge = (run, settings) => new Reporter({ site: 'us1', host: 'vm', ...settings }).judge({ ...FAILED, ...run });

test('a failure is an error event with a request that submits it', () => {
  const { alertType, event, exitStatus, requests } = judge({ endedAt: 1795376346 });
  assert.equal(alertType, 'error');
  assert.equal(exitStatus, 3);
  assert.equal(event.title, '[vm] nightly failed in 1.50s');
  assert.match(event.text, /disk full/);
  assert.deepEqual(
    requests.map(({ method, path }) => [method, path]),
    [['POST', '/api/v1/events']],
  );
  assert.equal(JSON.parse(requests[0].body).aggregation_key, 'nightly');
});

test('settings decide what is reported, and how', () => {
  assert.deepEqual(judge({ outcome: { exited: 0 } }).requests, []);
  assert.equal(judge({ outcome: { exited: 0 } }, { submitMode: 'all' }).event.priority, 'low');
  assert.equal(judge({}, { submitMode: 'warnings', warningCodes: [3], notifyWarning: 'w@x' }).alertType, 'warning');
  assert.equal(judge({ outcome: { signaled: 9 } }, { warningCodes: [-9] }).alertType, 'warning');
  assert.equal(judge({ outcome: { signaled: 9 } }).exitStatus, 137);
  assert.equal(judge({ outcome: 'timed-out' }).exitStatus, 124);
  const paths = judge({}, { sendMetric: true, tags: ['a:b'], priority: 'low' }).requests.map(({ path }) => path);
  assert.deepEqual(paths, ['/api/v1/series', '/api/v1/events']);
  assert.match(judge({}, { notifyError: '@oncall' }).event.text, /@oncall/);
});

test('output is text or bytes, and bytes that are not UTF-8 are replaced', () => {
  const text = judge({ stdout: Buffer.from('\ufeffgrün '), stderr: Uint8Array.of(0x61, 0xe2, 0x82, 0xff, 0x62) }).event
    .text;
  assert.ok(text.includes('\ufeffgrün') && text.includes('a\ufffd\ufffdb'), text);
});

test('of a long output the same is shown as of all of it', () => {
  const long = `${'ä😀'.repeat(9_000)}\n${'b😀'.repeat(9_000)}`;
  const { text } = judge({ stdout: long, stderr: '' }).event;
  assert.equal(judge({ stdout: Buffer.from(long), stderr: '' }).event.text, text);
  assert.ok(text.includes('ä😀ä') && text.includes('b😀b') && !text.includes('\ufffd'), text.slice(0, 200));
});

test('a run that makes no sense is refused', () => {
  const senseless = [
    [{ command: '' }, 'the command is empty'],
    [{ duration: -1 }, 'the duration is negative or no number'],
    [{ endedAt: NaN }, 'the time of the end is negative or no number'],
    [{ command: undefined }, 'the command is text'],
    [{ stdout: 7 }, 'an output is a string or a Uint8Array'],
    ...[{ exited: 256 }, { exited: 0.5 }, { exited: 1, signaled: 9 }, {}, 'timed_out', null].map((outcome) => [
      { outcome },
      "an outcome is { exited: 0 to 255 }, { signaled: 0 to 255 } or 'timed-out'",
    ]),
  ];
  for (const [run, message] of senseless) {
    assert.throws(
      () => judge(run),
      (error) => error instanceof InvalidRun && error.message === message,
      message,
    );
  }
});

test('settings that make no sense are refused when the reporter is made', () => {
  const senseless = [
    [{ site: 'mars' }, /^site 'mars': not one of us1/],
    [{ site: 'http://user:secret@host:x' }, /^site 'host:x': the port of a URL/],
    [{ apiKey: 'two words' }, /^the API key holds a character that no key has/],
    [{ submitMode: 'some' }, /^submitMode is 'errors', 'warnings' or 'all'$/],
    [{ warningCodes: [1.5] }, /^warningCodes is a list of whole numbers$/],
    [{ tags: 'a:b' }, /^tags is a list of texts$/],
    [{ deliveryTimeout: -1 }, /^deliveryTimeout is a number of seconds, up to a day$/],
    [{ apikey: API_KEY }, /^there is no setting 'apikey'$/],
  ];
  for (const [settings, message] of senseless) {
    assert.throws(
      () => new Reporter(settings),
      (error) => error instanceof InvalidSettings && message.test(error.message) && !inspect(error).includes('secret'),
      String(message),
    );
  }
});

test('the site, the key and the name of the machine come from the environment as with dogwrap', () => {
  const program = `
    import { Reporter } from 'dogwrap';
    const { api, event } = new Reporter().judge({ command: 'x', outcome: { exited: 1 }, duration: 0 });
    console.log(JSON.stringify([api, event.host]));
  `;
  const judged = (variables) => {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', DD_HOSTNAME: 'my_host', ...variables };
    const options = { cwd: import.meta.dirname, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
    return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], options));
  };
  assert.deepEqual(judged({}), ['https://api.datadoghq.com', 'my_host']);
  assert.deepEqual(judged({ DD_SITE: 'eu', DD_HOSTNAME: 'other' }), ['https://api.datadoghq.eu', 'other']);
  assert.equal(typeof judged({ DD_HOSTNAME: '' })[1], 'string');
  assert.throws(() => judged({ DD_API_KEY: 'two words' }), /the API key holds a character/);
  assert.throws(() => judged({ DATADOG_API_KEY: 'two words' }), /the API key holds a character/);
});
