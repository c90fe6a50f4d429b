/** X13: a second SIGTERM ends the process at once; a SIGTERM during recovery does no harm (PROM-P13). */
import type { Scenario } from '../harness.ts';
import { pause } from '../waiting.ts';
import { holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X13',
  name: 'impatient-drain',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    await holdRunning(kit, mesh, 10);
    mesh.orchestrator.signal('SIGTERM');
    await pause(100); // the first one is heard, and waits for the running work
    const waits = mesh.orchestrator.is_alive;
    kit.inject('the second SIGTERM');
    const began = performance.now();
    mesh.orchestrator.signal('SIGTERM');
    const { at } = await mesh.orchestrator.gone();

    mesh.orchestrator.launch();
    await pause(Math.floor(kit.random.next() * 600)); // somewhere between the start and the end of recovery
    kit.inject('SIGTERM during recovery');
    mesh.orchestrator.signal('SIGTERM');
    mesh.orchestrator.signal('SIGTERM');
    await mesh.orchestrator.gone();
    kit.inject('start');
    await mesh.orchestrator.start();
    kit.touch('go');
    await mesh.caller.online(['double-a', 'double-b']);
    kit.recovered();
    return {
      verdict: [
        ...that(waits, 'the first SIGTERM did not wait for running work'),
        ...within('the second SIGTERM', at - began, 1_000),
        ...(await mesh.finish()),
      ],
      figures: { ended_ms: Math.round(at - began) },
    };
  },
};
