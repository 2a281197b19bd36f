/** One round of deliveries to one destination: which request is sent when, and when to give up. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { delivery } from 'dogwrap/rules';

import { exchange } from './exchange.js';

/** With less time than this, in milliseconds, no further attempt is made. */
const LEAST_TIME = 100;

/** After so many failures one after the other, though each was answered, the others are left for later. */
const MOST_FAILURES = { once: 3, again: 20 };

/**
 * @typedef {import('dogwrap/rules').delivery.Attempt} Attempt
 * @typedef {import('dogwrap/rules').delivery.Destination} Destination
 * @typedef {import('dogwrap/rules').reporting.Request} Request
 */

/**
 * To whom a round delivers, and by what means.
 *
 * @typedef {object} Recipient
 * @property {Destination} destination
 * @property {string} api The address of its API.
 * @property {typeof globalThis.fetch} fetch
 * @property {number} timeout For how many milliseconds one request is tried.
 */

/**
 * What becomes of a request that somebody has claimed.
 *
 * @typedef {object} Holder
 * @property {() => void} accepted Forgets it.
 * @property {(attempt: Attempt, destination: Destination) => void} failed Keeps it, or throws an error that says why
 *   not.
 */

/**
 * A request to deliver.
 *
 * @typedef {object} Item
 * @property {string} label What it is called in messages.
 * @property {(isReachable: boolean) => Promise<{ request: Request, holder: Holder } | undefined>} claim Claims
 *   it, if it is there and ours to send.
 */

/**
 * An item that was not accepted, in words for people.
 *
 * @typedef {object} Failure
 * @property {Item} item
 * @property {string} reason
 * @property {boolean} isFinal Whether it will never be accepted.
 * @property {string} [loss] Why it is not kept; none when it is.
 */

/** An item that has been claimed, and how far it is. */
class Delivering {
  attempts = 0;
  /** When it is tried again. */
  at = 0;
  /** @type {Attempt | undefined} */
  told;
  reason = '';

  /**
   * @param {Item} item
   * @param {Request} request
   * @param {Holder} holder
   * @param {number} deadline
   */
  constructor(item, request, holder, deadline) {
    this.item = item;
    this.request = request;
    this.holder = holder;
    this.deadline = deadline;
  }

  /**
   * Remembers how an attempt ended. One that had no answer says nothing that an answer did not say better.
   *
   * @param {Attempt} attempt
   * @param {string} reason
   */
  remember(attempt, reason) {
    if (this.told?.tag === 'answered' && attempt.tag !== 'answered') return;
    this.told = attempt;
    this.reason = reason;
  }
}

export class Round {
  #recipient;
  #deadline;
  #failuresInARow = 0;
  /** Until when nothing is sent: the API cannot be reached, or wants to be left alone. */
  #quietUntil = 0;
  /** Whether the API has accepted something. */
  isReachable = false;
  /** Whether it makes no sense to try others. */
  isHopeless = false;

  /**
   * @param {Recipient} recipient
   * @param {number} milliseconds how long the round takes at most
   */
  constructor(recipient, milliseconds) {
    this.#recipient = recipient;
    this.#deadline = performance.now() + milliseconds;
  }

  /**
   * Sends items one after the other, each again and again if that `isPatient`, as long as there is time.
   *
   * @param {Item[]} items
   * @param {boolean} isPatient
   * @returns {Promise<{ failures: Failure[], untried: Item[] }>}
   */
  async deliver(items, isPatient) {
    const untried = [...items];
    /** @type {Delivering[]} */
    const again = [];
    /** @type {Failure[]} */
    const failures = [];
    while (!this.isHopeless && (again.length > 0 || (untried.length > 0 && performance.now() < this.#deadline))) {
      again.sort((one, other) => one.at - other.at);
      const isDue = again.length > 0 && (untried.length === 0 || again[0].at <= performance.now());
      const delivering = isDue ? again.shift() : await this.#claim(/** @type {Item} */ (untried.shift()));
      if (!delivering) continue;
      await sleep(Math.max(0, delivering.at - performance.now(), this.#quietUntil - performance.now()));
      // The time may have gone by while another was sent.
      const isTooLate = delivering.told !== undefined && delivering.deadline - performance.now() < LEAST_TIME;
      const failure = isTooLate ? this.#settle(delivering, false) : await this.#attempt(delivering, isPatient, again);
      if (failure) failures.push(failure);
    }
    failures.push(...again.map((delivering) => this.#settle(delivering, false)));
    return { failures, untried };
  }

  /** @param {Item} item */
  async #claim(item) {
    const claimed = await item.claim(this.isReachable);
    const deadline = Math.min(this.#deadline, performance.now() + this.#recipient.timeout);
    return claimed && new Delivering(item, claimed.request, claimed.holder, deadline);
  }

  /**
   * Sends a request once. It is among those to be sent `again` then, or accepted, or else the failure is returned.
   *
   * @param {Delivering} delivering
   * @param {boolean} isPatient
   * @param {Delivering[]} again
   */
  async #attempt(delivering, isPatient, again) {
    const { destination, api, fetch } = this.#recipient;
    const time = Math.max(1, Math.ceil(delivering.deadline - performance.now()));
    const attempt = await exchange(fetch, api, destination.apiKey ?? '', delivering.request, time);
    delivering.attempts += 1;
    const random = randomBytes(8).readBigUInt64LE();
    const step = delivery.next(attempt, delivering.attempts, destination, Date.now() / 1000, random);
    if (step.tag === 'accepted') {
      delivering.holder.accepted();
      this.isReachable = true;
      this.#failuresInARow = 0;
      return undefined;
    }
    if (step.tag !== 'try-again') {
      delivering.told = attempt;
      delivering.reason = step.val;
      this.isHopeless ||= step.tag === 'keep';
      return this.#settle(delivering, step.tag === 'set-aside');
    }
    delivering.remember(attempt, step.val.reason);
    delivering.at = performance.now() + step.val.seconds * 1000;
    const concernsAll = attempt.tag !== 'answered' || attempt.val.status === 429;
    if (isPatient && delivering.at + LEAST_TIME < delivering.deadline) {
      if (concernsAll) this.#quietUntil = delivering.at;
      again.push(delivering);
      return undefined;
    }
    this.#failuresInARow += 1;
    this.isHopeless ||= concernsAll || this.#failuresInARow >= MOST_FAILURES[isPatient ? 'again' : 'once'];
    return this.#settle(delivering, false);
  }

  /**
   * Keeps what was not accepted.
   *
   * @param {Delivering} delivering
   * @param {boolean} isFinal
   * @returns {Failure}
   */
  #settle({ item, holder, told, reason }, isFinal) {
    try {
      holder.failed(/** @type {Attempt} */ (told), this.#recipient.destination);
      return { item, reason, isFinal };
    } catch (error) {
      return { item, reason, isFinal, loss: Object(error).message };
    }
  }
}
