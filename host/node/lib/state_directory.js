/** The state directory, which every program with these rules shares: files that are whole or not there. */

import * as fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

import { reasonOf } from './words.js';

/** What the name of a file ends with until it is whole. */
const UNFINISHED = '.unfinished';

/** After so many milliseconds an unfinished file is one that nobody will finish. */
const ABANDONED = 60 * 60 * 1000;

/** A directory that is this user's alone. */
export class StateDirectory {
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  /**
   * Makes the directory if it is not there, and checks it.
   *
   * @throws {Error} with the reason, in words for people
   */
  make() {
    try {
      fs.mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    } catch (error) {
      // Whatever is there instead is looked at now.
      if (Object(error).code !== 'EEXIST') throw this.#problem(`cannot be made: ${reasonOf(error)}`);
    }
    this.check();
  }

  /**
   * Checks that the directory is there, and that nobody else could put something in our way.
   *
   * @throws {Error} with the reason, in words for people
   */
  check() {
    const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
    let directory;
    try {
      directory = fs.openSync(this.#path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      const isOther = ['ENOTDIR', 'ELOOP'].includes(Object(error).code);
      throw this.#problem(isOther ? 'is no directory, or a symbolic link' : `cannot be opened: ${reasonOf(error)}`);
    }
    const { uid, mode } = fs.fstatSync(directory);
    fs.closeSync(directory);
    if (process.geteuid && uid !== process.geteuid()) throw this.#problem('belongs to another user');
    if (mode & 0o022) throw this.#problem('can be written by others: chmod go-w is missing');
  }

  /** @param {string} reason */
  #problem(reason) {
    return new Error(`the state directory '${this.#path}' ${reason}`);
  }

  /**
   * Where something in it is.
   *
   * @param {string} path
   */
  at(path) {
    return join(this.#path, path);
  }

  /**
   * The names in one of its directories, sorted; none when that is not there. What somebody began and did not live to
   * finish is removed.
   *
   * @param {string} directory
   */
  names(directory) {
    try {
      this.check();
      const names = fs.readdirSync(this.at(directory)).sort();
      for (const name of names.filter((name) => name.endsWith(UNFINISHED))) {
        const path = this.at(`${directory}/${name}`);
        const modified = fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
        if (Date.now() - modified > ABANDONED) fs.rmSync(path, { force: true });
      }
      return names;
    } catch {
      // Nothing has been kept yet, or it is not ours to read.
      return [];
    }
  }

  /**
   * The size of a file in bytes; none when it is gone.
   *
   * @param {string} path
   */
  size(path) {
    return fs.lstatSync(this.at(path), { throwIfNoEntry: false })?.size;
  }

  /**
   * The content of a file; none when it is gone, or is no file.
   *
   * @param {string} path
   */
  async read(path) {
    try {
      if (!fs.lstatSync(this.at(path)).isFile()) return undefined;
      return await readFile(this.at(path), 'utf8');
    } catch {
      return undefined;
    }
  }

  /**
   * Writes a file that is whole and on the disk under its name, or else not there, or what it was before.
   *
   * @param {import('dogwrap/rules').delivery.File} file
   */
  write({ path, content }) {
    const directory = this.at(path.slice(0, path.lastIndexOf('/')));
    const unfinished = this.at(`${path}.${process.pid}-${unique()}${UNFINISHED}`);
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      fs.writeFileSync(unfinished, content, { flag: 'wx', mode: 0o600, flush: true });
      fs.renameSync(unfinished, this.at(path));
    } catch (error) {
      // Whatever is left of it is no use to anybody. A full disk is glad of it.
      fs.rmSync(unfinished, { force: true });
      throw error;
    }
    sync(directory);
  }

  /**
   * Renames a file, and returns whether that could be done: somebody else may have been faster.
   *
   * @param {string} from
   * @param {string} to
   */
  rename(from, to) {
    try {
      fs.renameSync(this.at(from), this.at(to));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Removes a file, if it is there.
   *
   * @param {string} path
   */
  remove(path) {
    fs.rmSync(this.at(path), { force: true });
  }
}

let written = 0;

/** What no other file has in its name that this thread writes just now. */
function unique() {
  written += 1;
  return `${performance.timeOrigin}-${written}`;
}

/** @param {string} directory */
function sync(directory) {
  const descriptor = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * The state directory of this user, by the XDG Base Directory Specification; root's is the system's.
 *
 * @param {string | undefined} chosen
 * @param {NodeJS.ProcessEnv} environment
 * @throws {Error} when there is none
 */
export function stateDirectory(chosen, { XDG_STATE_HOME, HOME }) {
  if (chosen) return new StateDirectory(resolve(chosen));
  if (XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME)) return new StateDirectory(join(XDG_STATE_HOME, 'dogwrap'));
  if (process.geteuid?.() === 0) return new StateDirectory('/var/lib/dogwrap');
  if (HOME && isAbsolute(HOME)) return new StateDirectory(join(HOME, '.local/state/dogwrap'));
  throw new Error('there is no state directory: neither XDG_STATE_HOME nor HOME is an absolute path');
}
