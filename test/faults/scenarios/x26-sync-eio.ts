/** X26: a sync fails: nobody is told what that sync was for, work is refused until the log was made good, and nothing accepted is lost. */
import type { Scenario } from '../harness.ts';
import { replay } from '../replay.ts';
import { failuresIn, toldTooEarly, underTrace } from '../trace.ts';
import { until } from '../waiting.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X26',
  name: 'sync-EIO',
  set: 'short',
  needs: ['strace'],
  async run(_seed, kit) {
    const mesh = await kit.start();
    await mesh.orchestrator.end('SIGKILL');
    const nth = FIRST + Math.floor(kit.random.next() * 10);
    const trace = kit.file('trace');
    await mesh.orchestrator.start({ wrap: underTrace(trace, { EIO_when: `${nth}..${nth + FAILURES - 1}` }) });
    await mesh.caller.online(['double-a', 'double-b']);
    kit.inject(`EIO for syncs ${nth} to ${nth + FAILURES - 1}`);
    const causes = new Set<string>();
    const watching = until('readiness names it', async () => {
      const { status, body } = await mesh.health('/health/readiness').catch(() => ({ status: 0, body: undefined }));
      if (status === 503) causes.add(JSON.stringify(body));
      return causes.size > 0;
    });
    for (let round = 0; round < ROUNDS; round++) await ask(mesh, 4, { params: { wait_ms: 5 } }, `wish-${round}`);
    await watching;
    await until('it is ready', async () => (await mesh.health('/health/readiness')).status === 200);
    const recovery_ms = kit.recovered();
    for (const task_id of mesh.caller.accepted) await mesh.caller.ended(task_id);
    const failed = failuresIn(trace);
    const { told, early } = toldTooEarly(trace, mesh.caller.accepted);
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...that(failed >= 1, 'no sync failed'),
        ...that(
          told === mesh.caller.accepted.length,
          `${told} of ${mesh.caller.accepted.length} were found in the trace`,
        ),
        ...early,
        ...that(
          [...causes].some((cause) => cause.includes('does not take')),
          `its causes were ${[...causes].join()}`,
        ),
        ...within('recovering', recovery_ms, 15_000),
        ...verdict,
        ...(await replay(mesh)),
      ],
      recovery_ms,
      figures: { failed_syncs: failed, acknowledged: told },
    };
  },
};

/** Behind those of a start. */
const FIRST = 10;
const FAILURES = 3;
const ROUNDS = 12;
