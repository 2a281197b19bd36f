/** Reports the runs of a task of node-cron (version 4), by the task's own events. */

import { stackOf } from './lib/words.js';

/** So many milliseconds after it found the run before still going on, node-cron has started another, or never will. */
const TIME_TO_START = 1000;

/**
 * Reports what a task of node-cron does: a run that failed, with the error as its standard error; one that was missed,
 * since the process was busy; and one that did not take place because of `noOverlap`, since the one before still went
 * on. Runs that succeed are reported with the submit mode `all`.
 *
 * @param {import('node-cron').ScheduledTask} task
 * @param {import('./index.js').Reporter} reporter
 * @param {{ name?: string }} [options] the name of the job; without it that of the task, or else its pattern
 * @returns {() => void} ends it
 */
export function listen(task, reporter, { name } = {}) {
  const job = name ?? (task.name === undefined || task.name === task.id ? task.getPattern() : task.name);
  /** When a run was due that has not started, since the one before goes on. @type {Map<number, NodeJS.Timeout>} */
  const due = new Map();

  /**
   * @param {number} exited
   * @param {string} [stderr]
   * @param {Partial<Execution>} [execution]
   */
  const report = (exited, stderr, { startedAt, finishedAt } = {}) => {
    // Those of a task in a process of its own are texts.
    const end = Number(new Date(finishedAt ?? Date.now()));
    const start = Number(new Date(startedAt ?? end));
    const duration = Math.max(0, end - start) / 1000;
    reporter.report({ job, command: job, outcome: { exited }, duration, endedAt: end / 1000, stderr });
  };
  const startedAfterAll = (/** @type {Context} */ { date }) => {
    clearTimeout(due.get(date.getTime()));
    due.delete(date.getTime());
  };
  const notRun = (/** @type {Date} */ date, /** @type {string} */ reason) => {
    report(1, `it was not run at ${date.toISOString()}: ${reason}`);
  };
  const overlapping = (/** @type {Context} */ { date }) => {
    const tell = () => {
      due.delete(date.getTime());
      reporter.safely(job, () => notRun(date, 'the run before still goes on'));
    };
    due.set(date.getTime(), setTimeout(tell, TIME_TO_START));
  };

  /** @type {[Event, (context: Context) => void][]} */
  const reactions = [
    ['execution:started', startedAfterAll],
    ['execution:skipped', startedAfterAll],
    ['execution:finished', ({ execution }) => report(0, undefined, execution)],
    ['execution:failed', ({ execution }) => report(1, stackOf(execution?.error ?? 'it failed'), execution)],
    ['execution:missed', ({ date }) => notRun(date, 'the process was busy')],
    ['execution:overlap', overlapping],
  ];
  const listeners = reactions.map(([event, react]) => {
    const listener = (/** @type {Context} */ context) => reporter.safely(job, () => react(context));
    task.on(event, listener);
    return () => task.off(event, listener);
  });
  return () => {
    listeners.forEach((remove) => remove());
    due.forEach((timer) => clearTimeout(timer));
  };
}

/**
 * @typedef {import('node-cron').TaskContext} Context
 * @typedef {NonNullable<Context['execution']>} Execution
 * @typedef {Parameters<import('node-cron').ScheduledTask['on']>[0]} Event
 */
