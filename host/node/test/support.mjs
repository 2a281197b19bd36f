/** What tests share: an API on the loopback, directories of their own, and reporters to both. */

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Reporter } from 'dogwrap';

export const API_KEY = '0123456789abcdef0123456789abcdef';

/** A run that is reported in every mode. */
export const FAILED = {
  job: 'nightly',
  command: 'backup --all',
  outcome: { exited: 3 },
  duration: 1.5,
  stderr: 'disk full',
};

/**
 * An API on the loopback that gives the answers in their order, and then the last one again and again. An answer is a
 * status, `'never'`, or a function that answers.
 */
export async function api(t, ...answers) {
  const requests = [];
  const waiting = [];
  const server = createServer(async (request, response) => {
    const parts = await request.toArray();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    requests.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(parts).toString()) });
    waiting.splice(0).forEach((resolve) => resolve());
    if (typeof answer === 'function') answer(response);
    else if (answer !== 'never') response.writeHead(answer).end('{"errors": ["the words of the API"]}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    requests,
    url: `http://127.0.0.1:${server.address().port}`,
    /** Waits until there have been so many requests. */
    async received(number) {
      while (requests.length < number) await new Promise((resolve) => waiting.push(resolve));
    },
    /** Refuses connections from now on. */
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A directory that is gone after the test. */
export function temporaryDirectory(t) {
  const path = mkdtempSync(join(tmpdir(), 'dogwrap-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A reporter with a state directory of its own, and what it says. */
export function reporterTo(t, url, options = {}) {
  const messages = [];
  const spoolDir = options.spoolDir ?? join(temporaryDirectory(t), 'state');
  const log = (message) => messages.push(message);
  const reporter = new Reporter({
    apiKey: API_KEY,
    site: url,
    host: 'vm',
    deliveryTimeout: 2,
    log,
    ...options,
    spoolDir,
  });
  return {
    reporter,
    messages,
    spoolDir,
    waiting: () => kept(spoolDir, 'spool'),
    setAside: () => kept(spoolDir, 'set_aside'),
  };
}

/** What is kept in a directory of the state directory. */
function kept(spoolDir, directory) {
  let names = [];
  try {
    names = readdirSync(join(spoolDir, directory));
  } catch {
    // Nothing was ever kept.
  }
  return names.sort().map((name) => ({ name, text: readFileSync(join(spoolDir, directory, name), 'utf8') }));
}
