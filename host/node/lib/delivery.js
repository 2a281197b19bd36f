/** Delivering what waits for a reporter's destination: after each report, and when asked to. */

import { setImmediate as laterOn } from 'node:timers/promises';

import { delivery } from 'dogwrap/rules';

import { Round } from './round.js';
import { printable, reasonOf } from './words.js';

/** For how much longer than its delivery can take a file stays claimed, in milliseconds: a process can be slow. */
const MARGIN = 30_000;

/** How many requests without a file wait for another round. */
const MOST_IN_MEMORY = 100;

/**
 * A request that has just been made.
 *
 * @typedef {object} Fresh
 * @property {string} job
 * @property {string} kind What it submits: an event, or a metric.
 * @property {string} [name] The name of its file; none when it could not be kept.
 * @property {import('dogwrap/rules').reporting.Request} request
 * @property {import('./round.js').Holder} holder What becomes of it without a file.
 */

/** Delivers to one destination, one round at a time. */
export class Delivery {
  #recipient;
  #spool;
  #advice;
  #log;
  /** @type {Fresh[]} */
  #fresh = [];
  /** @type {Promise<unknown>} */
  #running = Promise.resolve();
  #isStarting = false;
  #isClosed = false;

  /**
   * @param {import('./round.js').Recipient} recipient
   * @param {import('./spool.js').Spool | undefined} spool none when there is no state directory
   * @param {string} advice the command that delivers what was kept
   * @param {(message: string) => void} log
   */
  constructor(recipient, spool, advice, log) {
    this.#recipient = recipient;
    this.#spool = spool;
    this.#advice = advice;
    this.#log = log;
  }

  /**
   * Has requests delivered in the next round, before all others.
   *
   * @param {Fresh[]} fresh
   */
  add(fresh) {
    this.#fresh.push(...fresh);
  }

  /** Has a round begin once the program has nothing else to do, or the present round is over. */
  start() {
    const { destination, timeout } = this.#recipient;
    if (this.#isStarting || this.#isClosed || destination.apiKey === undefined || timeout === 0) return;
    this.#isStarting = true;
    this.#then(async () => {
      await laterOn();
      this.#isStarting = false;
      await this.#deliverUnasked();
    });
  }

  /** Delivers all that waits, also what has failed again and again, and returns how many requests are left. */
  async flush() {
    if (this.#recipient.timeout > 0) await this.#then(() => this.#deliverAsked());
    return await this.#count();
  }

  /** Waits until the present round is over. There is no other then. */
  async close() {
    this.#isClosed = true;
    await this.#running;
  }

  /** @param {() => Promise<void>} round */
  #then(round) {
    this.#running = this.#running.then(round).catch((error) => {
      this.#log(`what waits was not delivered: ${reasonOf(error)}`);
    });
    return this.#running;
  }

  async #deliverUnasked() {
    const round = new Round(this.#recipient, this.#recipient.timeout);
    const fresh = await this.#deliverFresh(round, 'unasked');
    if (round.isHopeless) return;
    const { failures } = await round.deliver(this.#waiting('unasked', fresh), false);
    // The others were said when they were kept.
    this.#say(failures.filter(({ isFinal, loss }) => isFinal || loss !== undefined));
  }

  async #deliverAsked() {
    const round = new Round(this.#recipient, Infinity);
    const fresh = await this.#deliverFresh(round, 'asked');
    const { failures } = await round.deliver(this.#waiting('asked', fresh), true);
    this.#say(failures);
  }

  /**
   * Delivers what has just been made, and says what was not. Returns the names of the files.
   *
   * @param {Round} round
   * @param {import('dogwrap/rules').delivery.Delivering} delivering
   */
  async #deliverFresh(round, delivering) {
    const fresh = this.#fresh.splice(0);
    const items = fresh.map(({ job, kind, name, request, holder }) => ({
      label: `${kind} of '${printable(job)}'`,
      claim: name === undefined ? async () => ({ request, holder }) : this.#claim(name, delivering),
    }));
    const { failures, untried } = await round.deliver(items, true);
    for (const { item, reason, isFinal, loss } of failures) {
      this.#log(`${item.label} not delivered to ${this.#recipient.api}: ${reason}; ${this.outlook(isFinal, loss)}`);
    }
    if (untried.length > 0) this.#log(`${untried.length} more not delivered to ${this.#recipient.api} yet`);
    // What has no file is tried in the next round, while this program lasts.
    const unkept = fresh.filter(({ name }, index) => name === undefined && untried.includes(items[index]));
    const lost = unkept.splice(0, Math.max(0, unkept.length - MOST_IN_MEMORY));
    if (lost.length > 0) this.#log(`lost for good, more than ${MOST_IN_MEMORY} wait in memory: ${lost.length}`);
    this.#fresh.unshift(...unkept);
    return new Set(fresh.map(({ name }) => name));
  }

  /**
   * What becomes of a request that was not delivered.
   *
   * @param {boolean} isFinal
   * @param {string} [loss]
   */
  outlook(isFinal, loss) {
    if (loss !== undefined) return `and not kept: ${loss}`;
    return isFinal ? "set aside, see 'dogwrap --spool'" : `kept for a later run, or deliver it with '${this.#advice}'`;
  }

  /** @param {import('./round.js').Failure[]} failures */
  #say(failures) {
    for (const { item, reason, isFinal, loss } of failures) {
      const end = isFinal ? `set aside, it will never be accepted: ${reason}` : reason;
      this.#log(
        loss === undefined ? `${item.label}: ${end}` : `${item.label}: ${reason}; and it cannot be noted: ${loss}`,
      );
    }
  }

  /**
   * All that waits, but for these.
   *
   * @param {import('dogwrap/rules').delivery.Delivering} delivering
   * @param {Set<string | undefined>} others
   */
  #waiting(delivering, others) {
    const names = this.#spool?.names().filter((name) => !others.has(name)) ?? [];
    return names.map((name) => ({ label: this.#spool?.shown(name) ?? name, claim: this.#claim(name, delivering) }));
  }

  /**
   * How to claim a file that waits.
   *
   * @param {string} name
   * @param {import('dogwrap/rules').delivery.Delivering} delivering
   * @returns {import('./round.js').Item['claim']}
   */
  #claim(name, delivering) {
    return async (isReachable) => {
      const content = await this.#spool?.read(name);
      if (this.#spool === undefined || content === undefined) return undefined;
      const { destination, timeout } = this.#recipient;
      const now = Date.now();
      const waiting = delivery.look(name, content, destination, delivering, isReachable, now / 1000);
      if (waiting.tag === 'too-old') {
        this.#spool.retire(name, waiting.val);
        this.#log(`${this.#spool.shown(name)}: set aside, it has become too old; see 'dogwrap --spool'`);
      }
      if (waiting.tag !== 'send') return undefined;
      // One that is sent again waits for the one in between, which takes as long at most.
      const holder = this.#spool.claim(name, content, (now + 2 * timeout + MARGIN) / 1000);
      return holder && { request: waiting.val, holder };
    };
  }

  /** How many requests wait for this destination. */
  async #count() {
    let count = this.#fresh.length;
    for (const name of this.#spool?.names() ?? []) {
      const content = await this.#spool?.read(name);
      if (content === undefined) continue;
      const waiting = delivery.look(name, content, this.#recipient.destination, 'asked', true, Date.now() / 1000);
      if (waiting.tag !== 'not-ours') count += 1;
    }
    return count;
  }
}
