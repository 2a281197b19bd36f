/** One exchange with the API: a request is sent, and what came of it is told in the words of the rules. */

import { reasonOf } from './words.js';

/** How much of an answer is read, in bytes. */
const MAXIMUM_ANSWER = 16 * 1024;

/** Errors that pass by themselves, in words for people. */
const PASSING = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'the connection was closed before an answer'],
  ['UND_ERR_SOCKET', 'the connection was closed before an answer'],
  ['ENOTFOUND', 'the host name is not known'],
  ['EAI_AGAIN', 'the host name was not resolved in time'],
  ['EHOSTUNREACH', 'it cannot be reached from this network'],
  ['ENETUNREACH', 'it cannot be reached from this network'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no connection in time'],
  ['ETIMEDOUT', 'no connection in time'],
  ['UND_ERR_HEADERS_TIMEOUT', 'no answer in time'],
]);

/** How the codes of errors begin that OpenSSL and Node give when somebody is not trusted: that does not pass. */
const UNTRUSTED = [
  'CERT_',
  'CRL_',
  'DEPTH_ZERO_SELF_SIGNED',
  'EPROTO',
  'ERR_SSL_',
  'ERR_TLS_',
  'ERROR_IN_CERT',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH',
  'SELF_SIGNED',
  'UNABLE_TO_',
];

/**
 * Sends `request` to `api`, and waits for the answer, both for so many milliseconds at most.
 *
 * @param {typeof globalThis.fetch} fetch
 * @param {string} api
 * @param {string} apiKey
 * @param {import('dogwrap/rules').reporting.Request} request
 * @param {number} milliseconds
 * @returns {Promise<import('dogwrap/rules').delivery.Attempt>}
 */
export async function exchange(fetch, api, apiKey, { method, path, headers, body }, milliseconds) {
  const signal = AbortSignal.timeout(milliseconds);
  try {
    const response = await fetch(api + path, {
      method,
      headers: [...headers, ['dd-api-key', apiKey]],
      body,
      redirect: 'manual',
      signal,
    });
    return {
      tag: 'answered',
      val: { status: response.status, headers: [...response.headers], body: await beginningOf(response) },
    };
  } catch (error) {
    if (signal.aborted) return { tag: 'unanswered', val: 'no answer in time' };
    // Node's `fetch` says little, and its cause all of it.
    const cause = Object(error).cause ?? error;
    const code = String(Object(cause).code ?? '');
    const reason = (PASSING.get(code) ?? reasonOf(cause)).replaceAll(apiKey, '***');
    const isUntrusted = UNTRUSTED.some((beginning) => code.startsWith(beginning));
    return { tag: isUntrusted ? 'impossible' : 'unanswered', val: reason };
  }
}

/**
 * As much of an answer as there is to read in time. What is accepted needs no words.
 *
 * @param {Response} response
 */
async function beginningOf(response) {
  const parts = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    while (reader && !response.ok && bytes < MAXIMUM_ANSWER) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      bytes += value.length;
    }
    await reader?.cancel();
  } catch {
    // Its status and the words so far have arrived, and count.
  }
  return new Uint8Array(Buffer.concat(parts).subarray(0, MAXIMUM_ANSWER));
}
