/** X12: SIGTERM at peak load: not ready at once, nothing new is taken or leased, running work ends, exit 0 in time, nothing is lost (PROM-P13). */
import type { Scenario } from '../harness.ts';
import { rowsOf } from '../history.ts';
import { until } from '../waiting.ts';
import { ask, holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X12',
  name: 'drain-under-load',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    await holdRunning(kit, mesh, PLACES);
    const waiting = await ask(mesh, WAITING, {}, 'waiting');
    kit.inject('SIGTERM orchestrator');
    const began = performance.now();
    mesh.orchestrator.signal('SIGTERM');
    await until('it is no longer ready', async () => (await mesh.health('/health/readiness')).status === 503);
    const unready_ms = performance.now() - began;
    const left_at = Date.now();
    const answers = [];
    for (let count = 0; count < ASKED; count++)
      answers.push(await mesh.caller.ask({ params: { call: `during-${count}` } }));
    kit.touch('go');
    const { code, at } = await mesh.orchestrator.gone();
    const journal = mesh.journal();
    await mesh.orchestrator.start();
    await mesh.caller.online(['double-a', 'double-b']);
    kit.recovered();
    const refused = answers.filter((answer) => answer.kind === 'fail' && answer.error.code === 5030).length;
    const leased = rowsOf(journal, 'leased').filter((row) => Date.parse(row.at) > left_at).length;
    const ended = new Set(rowsOf(journal, 'succeeded').map(({ task_id }) => task_id));
    return {
      verdict: [
        ...within('being no longer ready', unready_ms, 5_000),
        ...that(refused === ASKED, `${refused} of ${ASKED} were told that it is leaving`),
        ...that(leased === 0, `${leased} leases of whoever leaves`),
        ...that(ended.size === PLACES, `${ended.size} of ${PLACES} ended that ran`),
        ...that(!waiting.some((task_id) => ended.has(task_id)), 'what waited was begun by whoever leaves'),
        ...that(code === 0, `exit code ${code ?? 'none'}`),
        ...within('draining', at - began, 30_000),
        ...(await mesh.finish()),
      ],
      figures: { drained_ms: Math.round(at - began), unready_ms: Math.round(unready_ms), refused },
    };
  },
};

/** All places of two doubles. */
const PLACES = 128;
const WAITING = 20;
const ASKED = 10;
