/**
 * Prints what the package costs, in seconds, as one JSON object: loading it in a new process, and judging a run that
 * failed and printed 3000 characters.
 */

import { execFileSync } from 'node:child_process';

import { Reporter } from 'dogwrap';

const LOADS = 10;
const CALLS = 1000;

const load = `
  const start = performance.now();
  await import('dogwrap');
  console.log((performance.now() - start) / 1000);
`;

function loaded() {
  const options = { cwd: import.meta.dirname, encoding: /** @type {const} */ ('utf8') };
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', load], options));
}

const reporter = new Reporter({ site: 'us1', host: 'vm', tags: ['team:data'], notifyError: '@oncall' });
const run = {
  job: 'nightly',
  command: 'backup --all',
  outcome: { exited: 3 },
  duration: 1.5,
  stdout: 'x'.repeat(3000),
};

function called() {
  const start = performance.now();
  reporter.judge(run);
  return (performance.now() - start) / 1000;
}

const times = (count, measured) => Array.from({ length: count }, measured);
console.log(JSON.stringify({ load: times(LOADS, loaded), call: times(CALLS, called) }));
