/** What docs/operating.md has people type is what a fleet takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HandoffRequest } from '../../protocol/index.ts';

test('an action that is asked for in mode active has the idempotency key that it needs', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operating.md'), 'utf8');
  const asked = [...page.matchAll(/ handoff '(\{.*\})'/g)].map(([, json = '']) =>
    HandoffRequest.parse(JSON.parse(json)),
  );
  expect(asked).toMatchObject([{ to: { skill: 'contain_endpoint' }, options: { mode: 'active' } }]);
  for (const { options } of asked) expect(options.idempotency_key).toBeDefined();
});
