/** Runs what the README shows as a user would: with the package as it is packed, and the rest from the environment. */

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { API_KEY, api, temporaryDirectory } from './support.mjs';

const execute = promisify(execFile);
const PACKAGE = dirname(import.meta.dirname);

/** The one block of code in the section of the project's README that `heading` begins. */
function block(heading) {
  const section = readFileSync(join(PACKAGE, '../../README.md'), 'utf8').split(`\n### ${heading}\n`)[1];
  return /^```js\n([^]*?)^```/m.exec(section)[1];
}

/** A directory with the package in it, as npm packs it, and another package. */
async function project(t, dependency) {
  const directory = temporaryDirectory(t);
  const installed = join(directory, 'node_modules');
  mkdirSync(join(installed, 'dogwrap'), { recursive: true });
  const { stdout } = await execute('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory], {
    cwd: PACKAGE,
  });
  const archive = join(directory, stdout.trim());
  await execute('tar', [
    '--extract',
    '--strip-components=1',
    '--file',
    archive,
    '--directory',
    join(installed, 'dogwrap'),
  ]);
  symlinkSync(join(PACKAGE, 'node_modules', dependency), join(installed, dependency));
  return directory;
}

/**
 * Runs the block for a scheduler with `files` beside it and then `ending`, which has the job run, and returns the body
 * of the request that the API got.
 */
export async function reported(t, heading, dependency, files, ending) {
  const server = await api(t, 202);
  const directory = await project(t, dependency);
  for (const [name, content] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  writeFileSync(join(directory, 'main.js'), block(heading) + ending);
  const { PATH } = process.env;
  const env = {
    PATH,
    HOME: directory,
    XDG_STATE_HOME: directory,
    DD_HOSTNAME: 'vm',
    DD_API_KEY: API_KEY,
    DD_SITE: server.url,
  };
  await execute(process.execPath, ['main.js'], { cwd: directory, env });
  return server.requests.map(({ body }) => body);
}
