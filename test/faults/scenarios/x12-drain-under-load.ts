/** X12: SIGTERM at peak load: nothing new is taken, running work ends, the process ends with 0 in time, nothing is lost (PROM-P13). */
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X12',
  name: 'drain-under-load',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    await ask(mesh, 40, { params: { wait_ms: 300 + Math.floor(kit.random.next() * 300) } }, 'before');
    await until('the peak', () => mesh.runs().length >= 20);
    kit.inject('SIGTERM orchestrator');
    const began = performance.now();
    mesh.orchestrator.signal('SIGTERM');
    const during = [];
    while (mesh.orchestrator.is_alive && during.length < 200)
      during.push(await mesh.caller.ask({ params: { call: `during-${during.length}` } }));
    const { code, at } = await mesh.orchestrator.gone();
    await mesh.orchestrator.start();
    await mesh.caller.online(['double-a', 'double-b']);
    kit.recovered();
    const refused = during.filter(({ kind }) => kind === 'fail').length;
    return {
      verdict: [
        ...that(code === 0, `exit code ${code ?? 'none'}`),
        ...within('draining', at - began, 30_000),
        ...(await mesh.finish()),
      ],
      figures: { drained_ms: Math.round(at - began), refused },
    };
  },
};
