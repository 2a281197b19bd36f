/** What the README shows for node-cron works. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { reported } from './readme.mjs';

test('node-cron', async (t) => {
  const files = { 'backup.js': "export const backup = () => { throw new Error('disk full'); };" };
  const ending = 'await task.execute().catch(() => task.stop());';
  const [event, ...others] = await reported(t, 'node-cron', 'node-cron', files, ending);
  assert.match(event.title, /^\[vm\] nightly backup failed/);
  assert.match(event.text, /disk full[^]*@oncall/);
  assert.deepEqual(others, []);
});
