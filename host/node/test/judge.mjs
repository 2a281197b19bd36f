/**
 * Judges runs, one JSON object a line on standard input, for comparisons with the other ways in:
 *
 *     {"run": {"job", "command", "outcome", "duration", "ended_at", "stdout_base64", "stderr_base64"},
 *      "settings": {...}}
 *
 * The settings have the names of dogwrap's options. The requests of each run are printed, one JSON object a line.
 */

import { createInterface } from 'node:readline';

import { Reporter } from 'dogwrap';

/** Names as JavaScript has them, without what is null. */
function camelCased(object) {
  const entries = Object.entries(object).filter(([, value]) => value !== null);
  const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(entries.map(([name, value]) => [camelCase(name), value]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { run, settings } = JSON.parse(line);
  const { stdoutBase64, stderrBase64, outcome, ...facts } = camelCased(run);
  const { requests } = new Reporter(camelCased(settings ?? {})).judge({
    ...facts,
    outcome: outcome === 'timed_out' ? 'timed-out' : outcome,
    stdout: Buffer.from(stdoutBase64 ?? '', 'base64'),
    stderr: Buffer.from(stderrBase64 ?? '', 'base64'),
  });
  const shown = requests.map(({ method, path, body }) => ({ method, path, body: JSON.parse(body) }));
  console.log(JSON.stringify({ requests: shown }));
}
