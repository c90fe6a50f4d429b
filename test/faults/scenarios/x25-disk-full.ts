/** X25: the disk of the ledger is full, and later it is not: new work is refused with the reason, reads go on, nobody restarts (PROM-P15). */
import { join } from 'node:path';
import { mountSmallDisk } from '../disk.ts';
import type { Scenario } from '../harness.ts';
import { replay } from '../replay.ts';
import { until } from '../waiting.ts';
import { ask, holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X25',
  name: 'disk-full',
  set: 'short',
  needs: ['root', 'mount'],
  async run(_seed, kit) {
    const disk = mountSmallDisk(join(kit.folder, 'data', 'ledger'), DISK_MB);
    kit.onEnd(() => disk.unmount());
    const mesh = await kit.start();
    const [before = ''] = await ask(mesh, 10, {}, 'before');
    await mesh.caller.ended(before);
    const held = await holdRunning(kit, mesh, 8);
    const { pid } = mesh.orchestrator;
    let asked = 0;

    kit.inject(`the ${DISK_MB} MB disk of the ledger is full`);
    disk.fill();
    const refusal = await until('somebody is refused', () => askOnce(), 30_000, 0);
    const full = await mesh.health('/health/readiness');
    kit.touch('go');
    await until('what ran is done', () => mesh.runs('exec-end').length >= held.length);
    const read = await mesh.caller.get(before);
    const listed = await mesh.caller.request('task/list', {});
    const again = await mesh.caller.ask({ params: { call: 'while-full' } });

    kit.inject('space returns');
    disk.free();
    await until('it is ready', async () => (await mesh.health('/health/readiness')).status === 200);
    const recovery_ms = kit.recovered();
    await ask(mesh, 10, {}, 'after');
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...that(refusal.code === 5030, `refused with ${refusal.code}`),
        ...that((refusal.retry_after_ms ?? 0) > 0, 'refused without a time to come back'),
        ...that(/disk is full/.test(refusal.message), `the reason it gave: ${refusal.message}`),
        ...that(full.status === 503 && full.retry_after !== null, `readiness said ${full.status}`),
        ...that(/disk is full/.test(JSON.stringify(full.body)), `its cause was ${JSON.stringify(full.body)}`),
        ...that(read.state === 'completed' && listed !== undefined, 'a read was not answered'),
        ...that(again.kind === 'fail', `a wish was answered ${again.kind} while the disk was full`),
        ...that(mesh.orchestrator.exit?.code === 0 && mesh.orchestrator.pid === pid, 'it did not live through'),
        ...within('recovering', recovery_ms, 15_000),
        ...verdict,
        ...(await replay(mesh)),
      ],
      figures: { filled_after: asked },
    };

    /** Until the pages that the log already has are used up, wishes are still kept. */
    async function askOnce() {
      const answer = await mesh.caller.ask({
        params: { call: `filling-${asked++}`, filling: 'x'.repeat(FILLING_CHARS) },
      });
      return answer.kind === 'fail' && answer.error;
    }
  },
};

const DISK_MB = 8;
const FILLING_CHARS = 20_000;
