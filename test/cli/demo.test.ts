/** The demo ends with 0 only if everything it shows really happened. */
import { expect, test } from 'vitest';
import { aurora } from '../support/aurora.ts';

test('aurora demo: three verdicts, one of them through the death of a specialist, in under a minute', async () => {
  const { code, stdout, stderr } = await aurora(['demo']);
  expect(code, stdout.slice(-2_000) + stderr).toBe(0);
  expect(stdout).toMatch(/killed web-security, pid \d+/);
  expect(stdout).toMatch(/working attempt 2 on inst_/);
  expect(stdout).toMatch(/its record says so: attempt 1 was lost with its agent; attempt 2 completed/);
  expect(stdout).not.toMatch(/^ {2}NO /m);
}, 60_000);
