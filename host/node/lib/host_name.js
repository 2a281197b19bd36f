/** What the machine says of its name, for the rules to choose from. */

import { closeSync, openSync, readSync } from 'node:fs';
import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';

/** How much of an agent's configuration is read, in bytes. Its own template has about 200 KB. */
const MAXIMUM_CONFIGURATION = 1024 * 1024;

/** How long the resolver is waited for, in milliseconds. */
const PATIENCE = 1000;

/**
 * What is known at once: everything but the resolver's word.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {import('dogwrap/rules').machine.NameSources}
 */
export function nameSources(environment) {
  return {
    environment: environment.DD_HOSTNAME,
    datadogConf: beginningOf('/etc/dd-agent/datadog.conf'),
    datadogYaml: beginningOf('/etc/datadog-agent/datadog.yaml'),
    hostName: hostname(),
  };
}

/**
 * The machine's name with its domain, if the resolver says it within a second. Node cannot ask for a canonical name,
 * but for the name of an address: that of the machine's own is taken when it only adds the domain.
 *
 * @returns {Promise<string | undefined>}
 */
export async function canonicalName() {
  const own = hostname();
  if (own.includes('.')) return undefined;
  const resolved = async () => {
    const { address } = await lookup(own);
    const { hostname: name } = await lookupService(address, 0);
    return name.startsWith(`${own}.`) ? name : undefined;
  };
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE, undefined).unref();
  });
  try {
    return await Promise.race([resolved(), tooLate]);
  } catch {
    // The machine is not known by its name: then it has no other one.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** @param {string} path */
function beginningOf(path) {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MAXIMUM_CONFIGURATION);
      return bytes.toString('utf8', 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    // There is no such agent, or its configuration is not for us.
    return undefined;
  }
}
