/** How runs are reported, and to whom: from the options of a reporter and the environment to what the rules take. */

import { delivery, reporting } from 'dogwrap/rules';

import { printable } from './words.js';

/**
 * The options of a reporter. Those that `dogwrap` has as well mean the same.
 *
 * @typedef {object} ReporterOptions
 * @property {string} [apiKey] Datadog API key; without it DD_API_KEY, then DATADOG_API_KEY. Without any, events are
 *   kept.
 * @property {string} [site] Datadog site, by short name or domain, or the URL of an API; without it DD_SITE, then us1.
 * @property {'errors' | 'warnings' | 'all'} [submitMode] Which runs are submitted: failures, failures of which some are
 *   expected, or all; without it failures.
 * @property {number[]} [warningCodes] Exit codes that are a warning; -9 stands for signal 9.
 * @property {'normal' | 'low'} [priority] Of the event; without it low for a success, otherwise normal.
 * @property {string[]} [tags] Of the event and the metric.
 * @property {string} [notifySuccess] Message added to a success event; usually whom to notify.
 * @property {string} [notifyError] Message added to an error event.
 * @property {string} [notifyWarning] Message added to a warning event.
 * @property {boolean} [sendMetric] Submit the metric dogwrap.duration along with an event.
 * @property {string} [host] Name of the machine; without it DD_HOSTNAME, the agent's configuration, and what the system
 *   says.
 * @property {string} [spoolDir] Directory in which events are kept; without it that of `dogwrap`.
 * @property {number} [deliveryTimeout] Try to deliver an event for so many seconds, a day at most, then leave it for
 *   later; without it 10. With 0, events are kept only.
 * @property {typeof globalThis.fetch} [fetch] What sends requests, such as one that goes through a proxy: Node's own
 *   knows of none. It has to obey `signal` and `redirect`.
 * @property {(message: string) => void} [log] Takes messages, each of one line; without it `console.warn`.
 */

/**
 * Settings that make no sense, such as a site that does not exist. The message says which one, and what is wrong.
 */
export class InvalidSettings extends TypeError {
  name = 'InvalidSettings';
}

const isText = (/** @type {unknown} */ value) => typeof value === 'string';
const isFunction = (/** @type {unknown} */ value) => typeof value === 'function';
const isDuration = (/** @type {unknown} */ value) => typeof value === 'number' && value >= 0 && value <= 24 * 60 * 60;
const isOneOf =
  (/** @type {unknown[]} */ ...values) =>
  (/** @type {unknown} */ value) =>
    values.includes(value);
const isListOf = (/** @type {(value: unknown) => boolean} */ is) => (/** @type {unknown} */ value) =>
  Array.isArray(value) && value.every(is);

/**
 * What each option may be, and how that is called.
 *
 * @type {Record<keyof ReporterOptions, [(value: unknown) => boolean, string]>}
 */
const OPTIONS = {
  apiKey: [isText, 'text'],
  site: [isText, 'text'],
  submitMode: [isOneOf('errors', 'warnings', 'all'), "'errors', 'warnings' or 'all'"],
  warningCodes: [
    isListOf((code) => Math.abs(Number(code)) < 2 ** 31 && Number.isInteger(code)),
    'a list of whole numbers',
  ],
  priority: [isOneOf('normal', 'low'), "'normal' or 'low'"],
  tags: [isListOf(isText), 'a list of texts'],
  notifySuccess: [isText, 'text'],
  notifyError: [isText, 'text'],
  notifyWarning: [isText, 'text'],
  sendMetric: [isOneOf(true, false), 'true or false'],
  host: [isText, 'text'],
  spoolDir: [isText, 'text'],
  deliveryTimeout: [isDuration, 'a number of seconds, up to a day'],
  fetch: [isFunction, 'a function'],
  log: [isFunction, 'a function'],
};

/**
 * Everything that a reporter has to know.
 *
 * @param {ReporterOptions} options
 * @param {NodeJS.ProcessEnv} environment
 * @throws {InvalidSettings}
 */
export function settle(options, environment) {
  for (const [name, value] of Object.entries(options)) {
    const [is, what] = OPTIONS[/** @type {keyof ReporterOptions} */ (name)] ?? [];
    if (!is) throw new InvalidSettings(`there is no setting '${printable(name)}'`);
    if (value !== undefined && !is(value)) throw new InvalidSettings(`${name} is ${what}`);
  }
  const keyOfEnvironment = environment.DD_API_KEY || environment.DATADOG_API_KEY || undefined;
  const site = options.site ?? (environment.DD_SITE || undefined);
  /** @type {import('dogwrap/rules').delivery.Destination} */
  const destination = { site, apiKey: options.apiKey || keyOfEnvironment };
  /** @type {import('dogwrap/rules').reporting.Settings} */
  const settings = {
    submitMode: options.submitMode,
    warningCodes: Int32Array.from(options.warningCodes ?? []),
    priority: options.priority,
    tags: options.tags ?? [],
    notifySuccess: options.notifySuccess ?? '',
    notifyError: options.notifyError ?? '',
    notifyWarning: options.notifyWarning ?? '',
    sendMetric: options.sendMetric ?? false,
    site,
    host: options.host,
  };
  return {
    settings,
    destination,
    api: apiOf(settings, destination),
    keyIsInEnvironment: !options.apiKey && keyOfEnvironment !== undefined,
    siteIsInEnvironment: options.site === undefined,
  };
}

/** A run that there never was: the rules say of it what they say of the settings. */
const NO_RUN = {
  command: '-',
  outcome: { tag: /** @type {const} */ ('timed-out') },
  duration: 0,
  endedAt: 0,
  stdout: '',
  stderr: '',
};

/**
 * The address of the API that the rules find for the settings, which they check.
 *
 * @param {import('dogwrap/rules').reporting.Settings} settings
 * @param {import('dogwrap/rules').delivery.Destination} destination
 */
function apiOf(settings, destination) {
  try {
    delivery.next({ tag: 'unanswered', val: '' }, 1, destination, 0, 0n);
    return reporting.judge(NO_RUN, settings).api;
  } catch (error) {
    const invalid = /** @type {import('dogwrap/rules').reporting.Invalid | undefined} */ (Object(error).payload);
    switch (invalid?.tag) {
      case 'site':
        throw new InvalidSettings(`site '${shown(settings.site ?? '')}': ${invalid.val}`);
      case 'api-key':
        throw new InvalidSettings('the API key holds a character that no key has, such as a blank or a line break');
      default:
        throw error;
    }
  }
}

/**
 * The site as messages show it: without whatever may be a password.
 *
 * @param {string} site
 */
function shown(site) {
  return printable(site.slice(site.lastIndexOf('@') + 1));
}
