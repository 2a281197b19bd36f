/** What the README shows for Bree works. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reported } from '../readme.mjs';

test('Bree', async (t) => {
  const files = { 'jobs/backup.js': "throw new Error('disk full');" };
  const ending = "bree.on('worker deleted', () => bree.stop());\nawait bree.run('backup');\n";
  const [event, ...others] = await reported(t, 'Bree', 'bree', files, ending);
  assert.match(event.title, /^\[vm\] backup failed/);
  assert.match(event.text, /disk full[^]*@oncall/);
  assert.deepEqual(others, []);
});
