/** The bench and the product know each other: what is measured starts, is reached and answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { toContender } from '../../bench/contender.ts';
import type { Kit } from '../../bench/kit.ts';
import { startMesh } from '../../bench/mesh.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-bench-test-'));
const ends: (() => Promise<void>)[] = [];
const kit: Kit = {
  folder,
  quick: true,
  slow: false,
  rounds: 1,
  ms: 100,
  data: folder,
  cpu_prof: undefined,
  say: () => undefined,
  onEnd: (end) => void ends.unshift(end),
};

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true, force: true });
});

test('the mesh of the bench answers every call of its load generator, and its orchestrator is the one in the middle', async () => {
  const mesh = toContender('mesh', await startMesh(kit, { durability: 'full' }));
  const loaded = await mesh.load({ in_flight: 8, ms: 30_000, answers_max: 64 });
  expect(loaded).toMatchObject({ errors: 0 });
  expect(loaded.answers).toBeGreaterThanOrEqual(64);
  expect(loaded.router_cpu_ms).toBeGreaterThan(0);
});
