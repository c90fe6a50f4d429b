/** Nobody is told of a task before it is kept, and no agent before that either: the order of journal and wire (promises.md 1, P1). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLedger } from '../../orchestrator/index.ts';
import { memoryLog, systemClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { settled } from '../support/drive.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A mesh over a file whose commits wait until the test lets them. */
async function heldMesh() {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-ack-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  let is_held = false;
  const held: (() => void)[] = [];
  const endOfTurn = (run: () => void) => (is_held ? void held.push(run) : void setImmediate(run));
  const file = join(folder, 'ledger.db');
  const store = await openStore({ file, durability: 'full', clock: systemClock, log: memoryLog(), endOfTurn });
  cleanups.push(() => store.close());
  const runs: string[] = [];
  const agent = echoAgent('ada', (text) => {
    runs.push(text);
    return text;
  });
  const ledger = createLedger(store, systemClock);
  const mesh = await startMesh([agent], { orchestrator: { ledger, storeHealth: store.health } });
  await mesh.online(1);
  const commit = () => {
    for (const run of held.splice(0)) run();
  };
  return {
    mesh,
    store,
    runs,
    hold: () => (is_held = true),
    commit,
    release: () => {
      is_held = false;
      commit();
    },
    kept: async () => (await store.db.selectFrom('tasks').select('phase').execute()).map(({ phase }) => phase),
  };
}

const someTurns = async () => {
  for (let turn = 0; turn < 50; turn++) await settled();
};

test.each(['accepted', 'result'] as const)(
  'INV3 PROM-P1: a caller who waits for %s, and the agent, hear nothing of a task before it is committed and synced',
  async (wait) => {
    const { mesh, store, runs, hold, commit, release, kept } = await heldMesh();
    expect(store.assurance).toEqual({ journal_mode: 'wal', synchronous: 'full' }); // a commit that returned is synced
    hold();
    let told: unknown;
    const asked = mesh.operator.request('handoff', { to: { skill: 'echo_text' }, params: { text: 'x' }, wait });
    void asked.then((answer) => (told = answer));
    await someTurns();
    expect([told, runs, await kept()]).toEqual([undefined, [], []]);

    commit();
    await someTurns();
    expect(await kept()).toEqual(['LEASED']);
    expect(runs).toEqual(['x']); // the agent's answer is there, and its end not yet kept
    expect(told !== undefined).toBe(wait === 'accepted');

    release();
    await asked;
    await expect.poll(kept).toEqual(['SUCCEEDED']);
  },
);
