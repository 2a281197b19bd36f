/** What stands in a message to people: one line, in words, and nothing that a terminal would take for a command. */

import { getSystemErrorMap } from 'node:util';

/**
 * Text of somebody else as one line.
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}

/**
 * What an error says, without its stack.
 *
 * @param {unknown} error
 */
export function reasonOf(error) {
  const { errno, message } = /** @type {{ errno?: number, message?: unknown }} */ (Object(error));
  const ofSystem = typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[1] : undefined;
  return printable(ofSystem ?? String(message ?? error));
}

/**
 * The report of an error for whoever has to find its cause: its stack, and those of its causes.
 *
 * @param {unknown} error
 */
export function stackOf(error) {
  const stacks = [];
  const seen = new Set();
  for (let cause = error; cause !== undefined && !seen.has(cause); cause = Object(cause).cause) {
    seen.add(cause);
    stacks.push(textOf(Object(cause).stack ?? cause));
  }
  return stacks.join('\ncaused by: ');
}

/**
 * Whatever it is as text: not everything that is thrown can be made one.
 *
 * @param {unknown} value
 */
function textOf(value) {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/**
 * `text` as one word for a shell, inside what is quoted already.
 *
 * @param {string} text
 */
export function shellWord(text) {
  return printable(text).replace(/[^\p{L}\p{N}/._+=:,@%-]/gu, '\\$&');
}
