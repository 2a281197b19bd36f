/**
 * Runs a component of the world `wasi:cli/command` on Node, with jco and its WASI:
 *
 *     node test/run-component.mjs FILE DIRECTORY [ARGUMENT...]
 *
 * The component is lent the directory, under its own path, the environment, the network, and standard input and output.
 * This ends with its status. Translating a component takes seconds: the result is held in `node_modules/.cache`.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';

const [, , file, directory, ...args] = process.argv;
if (file === undefined || directory === undefined) {
  console.error(
    'run-component: FILE and DIRECTORY are missing: node test/run-component.mjs FILE DIRECTORY [ARGUMENT...]',
  );
  process.exit(2);
}

/** Translates a component to JavaScript, and returns the directory with it. */
async function translated(component) {
  const cache = fileURLToPath(new URL('../node_modules/.cache/components', import.meta.url));
  const target = join(cache, createHash('sha256').update(component).digest('hex'));
  if (existsSync(target)) return target;
  const { transpile } = await import('@bytecodealliance/jco');
  const { files } = await transpile(component, { name: 'component', instantiation: 'async', noTypescript: true });
  const unfinished = `${target}.${process.pid}`;
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(unfinished, name)), { recursive: true });
    writeFileSync(join(unfinished, name), content);
  }
  // Somebody else may have been faster, with the same result.
  if (!existsSync(target)) renameSync(unfinished, target);
  return target;
}

const target = await translated(readFileSync(file));
const { instantiate } = await import(pathToFileURL(join(target, 'component.js')).href);
const lent = resolve(directory);
const shim = new WASIShim({
  sandbox: { preopens: { [lent]: lent }, env: { ...process.env }, args: [basename(file), ...args] },
});
const compile = (name) => WebAssembly.compile(readFileSync(join(target, name)));
const { run } = await instantiate(compile, shim.getImportObject());
try {
  run.run();
} catch (error) {
  // A command that only says that it failed has the status 1.
  if (!('payload' in error)) throw error;
  process.exitCode = 1;
}
