/** X35: strangers take every open file the orchestrator may have: what is open ends, nobody new gets in, and when they leave all is well. */
import { connect, type Socket } from 'node:net';
import { limitOpenFiles } from '../cgroup.ts';
import type { Scenario } from '../harness.ts';
import { pause, until } from '../waiting.ts';
import { ask, holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X35',
  name: 'fd-exhaustion',
  set: 'full',
  needs: ['prlimit'],
  async run(_seed, kit) {
    const mesh = await kit.start();
    const held = await holdRunning(kit, mesh, 8);
    kit.inject(`${2 * FILES_MAX} connections, and ${FILES_MAX} open files at most`);
    limitOpenFiles(mesh.orchestrator.pid, FILES_MAX);
    const strangers: Socket[] = [];
    const crowd = () => {
      while (strangers.length < 2 * FILES_MAX) {
        const stranger = connect(Number(new URL(mesh.url).port), '127.0.0.1');
        stranger.on('error', () => undefined);
        stranger.on('close', () => strangers.splice(strangers.indexOf(stranger), 1));
        strangers.push(stranger);
      }
    };
    crowd();
    const again = setInterval(crowd, 100);
    try {
      await until('nobody new gets in', async () => (await health(mesh.url)) === undefined);
      kit.touch('go');
      await until('what ran is done', () => mesh.runs('exec-end').length >= held.length);
      for (const task_id of held) await mesh.caller.ended(task_id);
      await ask(mesh, 5, {}, 'over an open link');
      await pause(CROWDED_MS);
    } finally {
      clearInterval(again);
      for (const stranger of [...strangers]) stranger.destroy();
    }
    kit.inject('they leave');
    await until('somebody new gets in', async () => (await health(mesh.url)) === 200);
    const newcomer = mesh.another('newcomer');
    await newcomer.insist({ params: { call: 'newcomer' } });
    const recovery_ms = kit.recovered();
    return {
      verdict: [
        ...that(mesh.orchestrator.is_alive, 'it did not live through'),
        ...within('recovering', recovery_ms, 5_000),
        ...(await mesh.finish()),
      ],
      recovery_ms,
      figures: { open_files_max: FILES_MAX },
    };
  },
};

const health = (url: string): Promise<number | undefined> =>
  fetch(`${url.replace(/^ws/, 'http')}/health`, {
    signal: AbortSignal.timeout(1_000),
    headers: { connection: 'close' },
  }).then(
    ({ status }) => status,
    () => undefined,
  );

const FILES_MAX = 64;
const CROWDED_MS = 2_000;
