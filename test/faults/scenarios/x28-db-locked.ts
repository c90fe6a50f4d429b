/** X28: somebody outside holds the lock of the database: new work is refused with that reason, what runs is kept for later. */
import type { Scenario } from '../harness.ts';
import { openLibsql } from '../../../store/libsql.ts';
import { storeIn } from '../journal-dump.ts';
import { replay } from '../replay.ts';
import { pause, until } from '../waiting.ts';
import { ask, holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X28',
  name: 'db-locked',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start();
    const [before = ''] = await ask(mesh, 5, {}, 'before');
    const held = await holdRunning(kit, mesh, 8);
    const outside = openLibsql(storeIn(mesh.data) ?? '');
    try {
      kit.inject(`somebody holds the lock for ${HOLD_MS} ms`);
      outside.exec('PRAGMA busy_timeout=5000');
      outside.exec('BEGIN IMMEDIATE');
      const until_free = performance.now() + HOLD_MS;
      const first = await mesh.caller.ask({ params: { call: 'first' }, options: { idempotency_key: 'first' } });
      const locked = await mesh.health('/health/readiness');
      kit.touch('go');
      await until('what ran is done', () => mesh.runs('exec-end').length >= held.length);
      const read = await mesh.caller.get(before);
      const later = [];
      while (performance.now() < until_free) {
        later.push(await mesh.caller.ask({ params: { call: `later-${later.length}` } }));
        await pause(ASK_EACH_MS);
      }
      kit.inject('the lock is given back');
      outside.exec('ROLLBACK');
      await until('it is ready', async () => (await mesh.health('/health/readiness')).status === 200);
      const recovery_ms = kit.recovered();
      await ask(mesh, 10, {}, 'after');
      const verdict = await mesh.finish();
      const refusal = first.kind === 'fail' ? first.error : undefined;
      return {
        verdict: [
          ...that(refusal?.code === 5030, `the first was answered ${first.kind} ${refusal?.code ?? ''}`),
          ...that((refusal?.retry_after_ms ?? 0) > 0, 'refused without a time to come back'),
          ...that(
            later.every(({ kind }) => kind === 'fail'),
            'somebody was not refused',
          ),
          ...that(locked.status === 503, `readiness said ${locked.status}`),
          ...that(/locked/.test(JSON.stringify(locked.body)), `its cause was ${JSON.stringify(locked.body)}`),
          ...that(read.task_id === before, 'a read was not answered'),
          ...within('recovering', recovery_ms, 5_000),
          ...verdict,
          ...(await replay(mesh)),
        ],
        recovery_ms,
        figures: { refused: 1 + later.length },
      };
    } finally {
      outside.close();
    }
  },
};

const HOLD_MS = 10_000;
const ASK_EACH_MS = 500;
