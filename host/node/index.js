/**
 * dogwrap for programs that run jobs in JavaScript: a run is judged, and the event that it is worth is kept and then
 * delivered to Datadog. The rules are those of the program `dogwrap`; the module `dogwrap/rules` has them by
 * themselves.
 */

export { InvalidRun } from './lib/run.js';
export { InvalidSettings } from './lib/settings.js';
export { Reporter } from './lib/reporter.js';

/**
 * @typedef {import('./lib/run.js').Outcome} Outcome
 * @typedef {import('./lib/run.js').Run} Run
 * @typedef {import('./lib/settings.js').ReporterOptions} ReporterOptions
 * @typedef {import('./lib/reporter.js').Report} Report
 */
