/** Reports runs: judges them, keeps what they have to report, and has that delivered. */

import { randomBytes } from 'node:crypto';

import { delivery, machine, reporting } from 'dogwrap/rules';

import { Delivery } from './delivery.js';
import { canonicalName, nameSources } from './host_name.js';
import { InvalidRun, finishedRun } from './run.js';
import { settle } from './settings.js';
import { Spool } from './spool.js';
import { stateDirectory } from './state_directory.js';
import { printable, reasonOf, shellWord, stackOf } from './words.js';

/**
 * What a run is worth: the event, if any, the requests that submit it, and the exit status of a program that stands for
 * the run.
 *
 * @typedef {import('dogwrap/rules').reporting.Report} Report
 * @typedef {import('dogwrap/rules').reporting.FinishedRun} FinishedRun
 * @typedef {import('./run.js').Run} Run
 */

/**
 * Reports runs of jobs to one destination.
 *
 * A report is on the disk when `report` returns, in the directory that `dogwrap` keeps events in as well, and is
 * delivered while the program does something else. What cannot be delivered is delivered later, by this program or by
 * any other with the same site and key.
 */
export class Reporter {
  #settings;
  #destination;
  #api;
  #timeout;
  /** @type {Spool | undefined} */
  #spool;
  /** Why there is no state directory. */
  #noSpool = '';
  #delivery;
  #log;
  /** What was last said of why nothing can be kept. */
  #said = '';

  /**
   * @param {import('./settings.js').ReporterOptions} [options]
   * @throws {import('./settings.js').InvalidSettings}
   */
  constructor(options = {}) {
    const { settings, destination, api, keyIsInEnvironment, siteIsInEnvironment } = settle(options, process.env);
    const { deliveryTimeout = 10, fetch = globalThis.fetch, log = console.warn, spoolDir } = options;
    this.#settings = settings;
    this.#destination = destination;
    this.#api = api;
    this.#timeout = deliveryTimeout * 1000;
    this.#log = (/** @type {string} */ message) => {
      try {
        log(`dogwrap: ${message}`);
      } catch {
        // It is the caller's, and there is nobody left to tell.
      }
    };
    try {
      this.#spool = new Spool(stateDirectory(spoolDir, process.env), this.#log);
    } catch (error) {
      this.#noSpool = reasonOf(error);
    }
    const words = [
      keyIsInEnvironment ? [] : ['DD_API_KEY=...'],
      'dogwrap --flush',
      spoolDir ? ['--spool_dir', shellWord(spoolDir)] : [],
      siteIsInEnvironment ? [] : ['--site', shellWord(settings.site?.includes('://') ? api : String(settings.site))],
    ];
    const recipient = { destination, api, fetch, timeout: this.#timeout };
    this.#delivery = new Delivery(recipient, this.#spool, words.flat().join(' '), this.#log);
    if (settings.submitMode === 'warnings' && settings.warningCodes.length === 0) {
      this.#log("submit mode 'warnings' without warningCodes: every failure is an error");
    }
    if (settings.host === undefined) this.#findHostName();
  }

  #findHostName() {
    const sources = nameSources(process.env);
    this.#settings.host = machine.hostName(sources);
    if (sources.environment) return;
    void canonicalName().then((canonicalName) => {
      this.#settings.host = machine.hostName({ ...sources, canonicalName });
    });
  }

  /**
   * What a run is worth, without anything being kept or delivered.
   *
   * @param {Run} run
   * @returns {Report}
   * @throws {InvalidRun}
   */
  judge(run) {
    return this.#judge(finishedRun(run));
  }

  /** @param {FinishedRun} run */
  #judge(run) {
    try {
      return reporting.judge(run, this.#settings);
    } catch (error) {
      switch (Object(error).payload?.tag) {
        case 'command':
          throw new InvalidRun('the command is empty');
        case 'duration':
          throw new InvalidRun('the duration is negative or no number');
        case 'ended-at':
          throw new InvalidRun('the time of the end is negative or no number');
        default:
          throw error;
      }
    }
  }

  /**
   * Reports a run. What it has to report is on the disk when this returns, and is delivered later. Whatever becomes of
   * that, nothing is thrown.
   *
   * @param {Run} run
   * @returns {Report}
   * @throws {InvalidRun}
   */
  report(run) {
    const finished = finishedRun(run);
    const report = this.#judge(finished);
    this.#keep(finished, report);
    this.#delivery.start();
    return report;
  }

  /**
   * Keeps what a run has to report, and has it delivered.
   *
   * @param {FinishedRun} run
   * @param {Report} report
   */
  #keep(run, { requests, event }) {
    const obstacle = this.#obstacle();
    const settings = { ...this.#settings };
    const identity = randomBytes(8).readBigUInt64LE();
    for (const [index, request] of requests.entries()) {
      const kind = request.path.endsWith('/events') ? 'event' : 'metric';
      const job = event?.aggregationKey ?? '';
      const holder = {
        accepted() {},
        /** @param {import('dogwrap/rules').delivery.Attempt} attempt */
        failed: (attempt) => {
          const randomness = { run: identity, salt: randomBytes(16) };
          const now = Date.now() / 1000;
          const file = delivery.keep(run, settings, index, attempt, this.#destination, now, randomness);
          if (file) this.#write(file);
          return file?.path.split('/').at(-1);
        },
      };
      let name;
      let loss;
      try {
        name = holder.failed({ tag: 'impossible', val: obstacle ?? 'it was not sent yet' });
      } catch (error) {
        loss = reasonOf(error);
      }
      if (obstacle === undefined) {
        if (loss !== undefined && loss !== this.#said) this.#log(`nothing is kept before it is sent: ${loss}`);
        this.#said = loss ?? '';
        this.#delivery.add([{ job, kind, name, request, holder }]);
      } else {
        const what = `${kind} of '${printable(job)}'`;
        this.#log(`${what} not delivered to ${this.#api}: ${obstacle}; ${this.#delivery.outlook(false, loss)}`);
      }
    }
  }

  /** Why nothing is sent; none when it is. */
  #obstacle() {
    if (this.#destination.apiKey === undefined) return 'no API key was given';
    return this.#timeout === 0 ? 'no time was given to deliver it' : undefined;
  }

  /** @param {import('dogwrap/rules').delivery.File} file */
  #write(file) {
    if (!this.#spool) throw new Error(this.#noSpool);
    this.#spool.keep(file);
  }

  /**
   * Runs a function, reports how it ended, and passes on what it returns or throws. An exception is a failure with its
   * stack as standard error.
   *
   * @template T
   * @param {string} job
   * @param {() => T | Promise<T>} run
   * @returns {Promise<T>}
   */
  async watch(job, run) {
    const command = run.name || job;
    const start = performance.now();
    const report = (/** @type {number} */ exited, stderr = '') => {
      const duration = (performance.now() - start) / 1000;
      this.safely(job, () => this.report({ job, command, outcome: { exited }, duration, stderr }));
    };
    try {
      const result = await run();
      report(0);
      return result;
    } catch (error) {
      report(1, stackOf(error));
      throw error;
    }
  }

  /**
   * Does something about the runs of a job for a caller that has to go on whatever happens, such as a scheduler: what
   * is thrown is only said.
   *
   * @param {string} job
   * @param {() => void} action
   */
  safely(job, action) {
    try {
      action();
    } catch (error) {
      this.#log(`a run of '${printable(job)}' is not reported: ${reasonOf(error)}`);
    }
  }

  /**
   * Delivers everything that waits for this reporter's site and key, also what has failed again and again.
   *
   * @returns {Promise<number>} how many requests are left
   */
  flush() {
    return this.#delivery.flush();
  }

  /** Waits until the delivery that is under way has ended. What is reported later is only kept. */
  close() {
    return this.#delivery.close();
  }
}
