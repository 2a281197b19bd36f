/** The spool: requests that wait in the state directory, one file each, and those that were set aside. */

import { delivery } from 'dogwrap/rules';

import { reasonOf } from './words.js';

/** Where in the state directory requests wait. */
const WAITING = 'spool';

/** The requests that wait. */
export class Spool {
  #state;
  #log;

  /**
   * @param {import('./state_directory.js').StateDirectory} state
   * @param {(message: string) => void} log
   */
  constructor(state, log) {
    this.#state = state;
    this.#log = log;
  }

  /**
   * Writes a file of the rules, and removes what is more than is held then.
   *
   * @param {import('dogwrap/rules').delivery.File} file
   * @throws {Error} with the reason, in words for people
   */
  keep(file) {
    this.#state.make();
    try {
      this.#state.write(file);
    } catch (error) {
      throw new Error(`${this.#state.at(file.path)}: ${reasonOf(error)}`);
    }
    this.#enforceLimits(file.path.slice(0, file.path.lastIndexOf('/')));
  }

  /** @param {string} directory */
  #enforceLimits(directory) {
    const stored = this.#state
      .names(directory)
      .map((name) => ({ name, bytes: BigInt(this.#state.size(`${directory}/${name}`) ?? 0) }));
    for (const { name, reason } of delivery.excess(stored, Date.now() / 1000)) {
      const path = `${directory}/${name}`;
      this.#state.remove(path);
      this.#log(`lost for good, ${reason}: ${this.#state.at(path)}`);
    }
  }

  /** The names of what waits, oldest first. What deliverers that are gone were sending waits again. */
  names() {
    const names = this.#state.names(WAITING).map((name) => {
      const unclaimed = delivery.reclaim(name, false, Date.now() / 1000);
      if (unclaimed === undefined) return name;
      this.#state.rename(`${WAITING}/${name}`, `${WAITING}/${unclaimed}`);
      return unclaimed;
    });
    return names.filter((name) => name.endsWith('.json')).sort();
  }

  /**
   * Where a request is, for people.
   *
   * @param {string} name
   */
  shown(name) {
    return this.#state.at(`${WAITING}/${name}`);
  }

  /**
   * The content of what waits; none when it is gone.
   *
   * @param {string} name
   */
  read(name) {
    return this.#state.read(`${WAITING}/${name}`);
  }

  /**
   * Claims it: nobody else sends it then, until this time, in seconds since 1970. None when somebody else was faster.
   *
   * @param {string} name
   * @param {string} content
   * @param {number} until
   */
  claim(name, content, until) {
    const claimed = `${WAITING}/${delivery.claim(name, { tag: 'until', val: until })}`;
    if (!this.#state.rename(`${WAITING}/${name}`, claimed)) return undefined;
    return new Claimed(this, this.#state, this.#log, name, content, claimed);
  }

  /**
   * Sets aside what has become too old for the API, unless somebody else is at it.
   *
   * @param {string} name
   * @param {import('dogwrap/rules').delivery.File} file
   */
  retire(name, file) {
    this.keep(file);
    this.#state.remove(`${WAITING}/${name}`);
  }
}

/** A request that waits, and is ours to send. */
export class Claimed {
  #spool;
  #state;
  #log;
  #name;
  #content;
  #path;

  /**
   * @param {Spool} spool
   * @param {import('./state_directory.js').StateDirectory} state
   * @param {(message: string) => void} log
   * @param {string} name
   * @param {string} content
   * @param {string} path
   */
  constructor(spool, state, log, name, content, path) {
    this.#spool = spool;
    this.#state = state;
    this.#log = log;
    this.#name = name;
    this.#content = content;
    this.#path = path;
  }

  /** Forgets it, since it has been delivered. */
  accepted() {
    try {
      this.#state.remove(this.#path);
    } catch (error) {
      const path = this.#spool.shown(this.#name);
      this.#log(`${path}: delivered, but it cannot be removed and will be again: ${reasonOf(error)}`);
    }
  }

  /**
   * Notes that its delivery has failed once more: it waits again, or is set aside.
   *
   * @param {import('dogwrap/rules').delivery.Attempt} attempt
   * @param {import('dogwrap/rules').delivery.Destination} destination
   */
  failed(attempt, destination) {
    const file = delivery.failedAgain(this.#name, this.#content, attempt, destination, Date.now() / 1000);
    try {
      if (file) this.#spool.keep(file);
    } catch (error) {
      this.#state.rename(this.#path, `${WAITING}/${this.#name}`);
      throw error;
    }
    if (file) this.#state.remove(this.#path);
    else this.#state.rename(this.#path, `${WAITING}/${this.#name}`);
  }
}
