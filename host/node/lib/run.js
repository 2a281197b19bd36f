/** A run that is over: as callers describe it, and as the rules take it. */

/**
 * How a run ended: by itself, with this exit status (0 is success; a job that is no process has 0, or 1 when it
 * failed); by the signal with this number; or not before its time was over.
 *
 * @typedef {{ exited: number } | { signaled: number } | 'timed-out'} Outcome
 */

/**
 * @typedef {object} Run
 * @property {string} [job] Its name in the event's title, and what its events are grouped by. Without it: the first
 *   word of the command.
 * @property {string} command What was run, as people know it: a command line, or the name of a function.
 * @property {Outcome} outcome
 * @property {number} duration How long it took, in seconds.
 * @property {number} [endedAt] When it ended, in seconds since 1970; without it just now.
 * @property {string | Uint8Array} [stdout] What it printed, also in part: an event shows a few thousand characters.
 * @property {string | Uint8Array} [stderr] The same for standard error, or what is known of its failure, such as a
 *   stack.
 */

/** @typedef {import('dogwrap/rules').reporting.FinishedRun} FinishedRun */

/**
 * A run that makes no sense, such as one without a command. The message says what is wrong with it.
 */
export class InvalidRun extends TypeError {
  name = 'InvalidRun';
}

/** Of a longer output only so many bytes of its beginning and of its end are looked at: 3000 characters at least. */
const PART_OF_BYTES = 3000 * 4;

/** The same of text, in units of UTF-16. */
const PART_OF_TEXT = 3000 * 2;

/**
 * The run in the words of the rules.
 *
 * @param {Run} run
 * @returns {FinishedRun}
 * @throws {InvalidRun}
 */
export function finishedRun({ job, command, outcome, duration, endedAt = Date.now() / 1000, stdout, stderr }) {
  if (job !== undefined && typeof job !== 'string') throw new InvalidRun('the name of a job is text');
  if (typeof command !== 'string') throw new InvalidRun('the command is text');
  if (typeof duration !== 'number') throw new InvalidRun('the duration is a number');
  if (typeof endedAt !== 'number') throw new InvalidRun('the time of the end is a number');
  return {
    job,
    command,
    outcome: outcomeOf(outcome),
    duration,
    endedAt,
    stdout: excerpt(stdout),
    stderr: excerpt(stderr),
  };
}

/**
 * @param {Outcome} outcome
 * @returns {import('dogwrap/rules').reporting.Outcome}
 */
function outcomeOf(outcome) {
  if (outcome === 'timed-out') return { tag: 'timed-out' };
  const entries = Object.entries(Object(outcome));
  const [tag, number] = entries[0] ?? [];
  const isOne = entries.length === 1 && (tag === 'exited' || tag === 'signaled');
  if (!isOne || !Number.isInteger(number) || number < 0 || number > 255) {
    throw new InvalidRun("an outcome is { exited: 0 to 255 }, { signaled: 0 to 255 } or 'timed-out'");
  }
  return { tag, val: number };
}

/**
 * As much of an output as the rules look at, as text.
 *
 * @param {string | Uint8Array | undefined} output
 */
function excerpt(output = '') {
  if (typeof output === 'string') {
    // What a cut leaves of a pair of surrogates is beyond what is shown.
    return output.length <= 2 * PART_OF_TEXT ? output : output.slice(0, PART_OF_TEXT) + output.slice(-PART_OF_TEXT);
  }
  if (!(output instanceof Uint8Array)) throw new InvalidRun('an output is a string or a Uint8Array');
  return output.length <= 2 * PART_OF_BYTES
    ? decode(output)
    : decode(output.subarray(0, PART_OF_BYTES)) + decode(output.subarray(-PART_OF_BYTES));
}

/** @param {Uint8Array} bytes */
function decode(bytes) {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
