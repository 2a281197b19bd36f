/** Reports the runs of the jobs of a Bree (version 9), by its own events and those of its workers. */

import { stackOf } from './lib/words.js';

/**
 * A worker that runs.
 *
 * @typedef {object} Running
 * @property {string} command
 * @property {number} start
 * @property {number} limit After how many milliseconds Bree ends it, or `Infinity`.
 * @property {unknown} [error] What it did not catch.
 * @property {boolean} [isCancelled] Whether it said that it ended because Bree asked it to.
 * @property {number} [code] Its exit code; none when it said that it is done, and Bree ended it.
 */

/**
 * Reports what the workers of a Bree do: one that exits with a code other than 0, with the error that it did not catch
 * as its standard error, and one that is ended after `closeWorkerAfterMs`. Jobs that succeed are reported with the
 * submit mode `all`. What a worker prints goes to the output of the process, as without this.
 *
 * @param {import('bree')} bree
 * @param {import('./index.js').Reporter} reporter
 * @returns {() => void} ends it
 */
export function listen(bree, reporter) {
  /** @type {Map<string, Running>} */
  const workers = new Map();

  const created = (/** @type {string} */ name) => {
    const job = bree.config.jobs.find((job) => job.name === name);
    // A job that is a function has its text for a path.
    const command = job && typeof job.path === 'string' && !job.worker?.eval ? job.path : name;
    const limit = job?.closeWorkerAfterMs || bree.config.closeWorkerAfterMs || Infinity;
    /** @type {Running} */
    const running = { command, limit, start: performance.now() };
    workers.set(name, running);
    const worker = bree.workers.get(name);
    worker?.on('error', (error) => (running.error = error));
    worker?.on('message', (message) => (running.isCancelled ||= message === 'cancelled'));
    worker?.on('exit', (code) => (running.code = code));
  };

  const deleted = (/** @type {string} */ name) => {
    const running = workers.get(name);
    if (!running) return;
    workers.delete(name);
    const duration = (performance.now() - running.start) / 1000;
    const outcome = outcomeOf(running, duration * 1000);
    reporter.report({ job: name, command: running.command, outcome, duration, stderr: explanation(running) });
  };

  const onCreated = (/** @type {string} */ name) => reporter.safely(name, () => created(name));
  const onDeleted = (/** @type {string} */ name) => reporter.safely(name, () => deleted(name));
  bree.on('worker created', onCreated);
  bree.on('worker deleted', onDeleted);
  return () => {
    bree.off('worker created', onCreated);
    bree.off('worker deleted', onDeleted);
  };
}

/**
 * @param {Running} running
 * @param {number} milliseconds
 * @returns {import('./index.js').Outcome}
 */
function outcomeOf({ code = 0, error, isCancelled, limit }, milliseconds) {
  // Whom Bree ends has 1 for its exit code, like one that failed, but no error.
  if (code === 1 && error === undefined && !isCancelled && milliseconds >= limit) return 'timed-out';
  // Of a worker the code can be any number; of a run it is one byte, in which no failure may look like a success.
  return { exited: code >= 0 && code <= 255 ? code : 255 };
}

/** @param {Running} running */
function explanation({ error, isCancelled }) {
  if (error !== undefined) return stackOf(error);
  return isCancelled ? 'it ended because it was asked to' : undefined;
}
