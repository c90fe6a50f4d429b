/** X6: the orchestrator and the agents are killed at random while work goes on: all that was accepted ends once (PROM-D2; INV1, INV6, INV18). */
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { replay } from '../replay.ts';
import { pause } from '../waiting.ts';
import { ACTING, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X6',
  name: 'random-kill-soak',
  set: 'full',
  ms_max: 240_000,
  async run(_seed, kit) {
    const mesh = await kit.start({ flags: ACTING });
    const end = performance.now() + SOAK_MS;
    const working = Array.from({ length: LANES }, (_, lane) => work(kit, mesh, { lane, end }));
    const kills = await killUntil(kit, mesh, end);
    await Promise.all(working);
    const verdict = await mesh.finish({ ends_ms_max: 90_000 });
    return {
      verdict: [
        ...that(kills.orchestrator > 0 && kills.agents > 0, 'not all kinds were killed'),
        ...verdict,
        ...(await replay(mesh)),
      ],
      recovery_ms: kills.worst_ms,
      figures: {
        kills: kills.orchestrator + kills.agents,
        of_orchestrator: kills.orchestrator,
        accepted: mesh.caller.accepted.length,
        LOST: verdict.filter((line) => line.startsWith('LOST')).length,
        DUP_EFFECT: verdict.filter((line) => line.startsWith('DUP_EFFECT')).length,
      },
    };
  },
};

/** Kills one after the other, each started again at once. */
async function killUntil(kit: Kit, mesh: TestMesh, end: number) {
  const kills = { orchestrator: 0, agents: 0, worst_ms: 0 };
  while (performance.now() < end) {
    await pause(kit.random.next() * PAUSE_MS_MAX);
    const name = VICTIMS[Math.floor(kit.random.next() * VICTIMS.length)] ?? 'orchestrator';
    const victim = mesh.agent(name);
    await victim.end('SIGKILL');
    const began = performance.now();
    await victim.start();
    if (name === 'orchestrator') kills.worst_ms = Math.max(kills.worst_ms, Math.round(performance.now() - began));
    if (name === 'orchestrator') kills.orchestrator += 1;
    else kills.agents += 1;
  }
  kit.inject(`${kills.orchestrator} SIGKILLs of the orchestrator and ${kills.agents} of agents until now`);
  return kills;
}

/** One lane asks for a wish after the other, of any effect. */
async function work(kit: Kit, mesh: TestMesh, { lane, end }: { lane: number; end: number }): Promise<void> {
  for (let count = 0; performance.now() < end; count++) {
    const skill = SKILLS[Math.floor(kit.random.next() * SKILLS.length)] ?? 'double_read';
    const params = { call: `wish-${lane}-${count}`, wait_ms: Math.floor(kit.random.next() * WAIT_MS_MAX) };
    await mesh.caller.insist({ skill, params, options: { mode: 'active' } }, 60_000);
    await pause(kit.random.next() * WAIT_MS_MAX);
  }
}

const SOAK_MS = 30_000;
const LANES = 8;
const WAIT_MS_MAX = 200;
const PAUSE_MS_MAX = 1_500;
const VICTIMS = ['orchestrator', 'double-a', 'double-b'];
const SKILLS = ['double_read', 'double_set', 'double_fire'] as const;
