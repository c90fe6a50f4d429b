/** X30: PostgreSQL's sessions are cut and the server restarts in the middle of commits; then the active node dies: the standby takes over. */
import { join } from 'node:path';
import { freePorts } from '../../support/ports.ts';
import { startCluster } from '../../support/postgres.ts';
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { dumpPostgres, POSTGRES_FOLDER } from '../postgres.ts';
import { createProcess } from '../process.ts';
import { pause, until } from '../waiting.ts';
import { ACTING, ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X30',
  name: 'pg-killed',
  set: 'full',
  needs: [POSTGRES_FOLDER],
  async run(_seed, kit) {
    const cluster = await startCluster();
    kit.onEnd(() => cluster.remove());
    const flags = { ...ACTING, ledger: { database: cluster.url } };
    const mesh = await kit.start({ flags, journal: () => dumpPostgres(cluster.url) });
    const end = performance.now() + WORK_MS;
    const working = Promise.allSettled(Array.from({ length: LANES }, (_, lane) => work(kit, mesh, { lane, end })));
    for (let cut = 0; cut < CUTS; cut++) {
      await pause(200 + kit.random.next() * 600);
      kit.inject('the sessions are terminated');
      await cluster.query(`SELECT pg_terminate_backend(pid) FROM (${SESSIONS}) AS sessions`);
      await ready(mesh);
    }
    kit.inject('the server restarts');
    await cluster.restart();
    await ready(mesh);
    const restarted_ms = kit.recovered();
    const stuck = (await working).flatMap((end) => (end.status === 'rejected' ? String(end.reason) : []));

    const sessions = async () => (await cluster.query(SESSIONS)).length;
    const alone = await sessions();
    const [port = 0] = await freePorts(1);
    const standby = startStandby(kit, mesh, port);
    await until('the standby waits', async () => (await sessions()) > alone);
    await ask(mesh, 8, { params: { wait_ms: 300 } }, 'held');
    kit.inject('SIGKILL of the active node');
    const waited = !(await standby.has_served());
    const began = performance.now();
    mesh.orchestrator.signal('SIGKILL');
    await until('the standby serves', () => standby.has_served());
    const takeover_ms = Math.round(performance.now() - began);
    await standby.caller.online(['double-a', 'double-b']);
    for (let place = 0; place < 10; place++) await standby.caller.insist({ params: { call: `after-${place}` } });
    for (const task_id of [...mesh.caller.accepted, ...standby.caller.accepted]) await standby.caller.ended(task_id);

    kit.inject('the first one is started again, and its heir ends');
    await mesh.orchestrator.gone();
    mesh.orchestrator.launch();
    await standby.end();
    await mesh.caller.online(['double-a', 'double-b']);
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...stuck,
        ...that(waited, 'the standby did not wait'),
        ...within('the takeover', takeover_ms, 20_000),
        ...verdict,
      ],
      recovery_ms: restarted_ms,
      figures: { cuts: CUTS + 1, accepted: mesh.caller.accepted.length, takeover_ms },
    };
  },
};

/** Another node on the same database, on a port of its own. */
function startStandby(kit: Kit, mesh: TestMesh, port: number) {
  const node = createProcess({
    name: 'standby',
    entry: join(import.meta.dirname, '..', '..', '..', 'dist', 'boot', 'process.js'),
    args: ['orchestrator', '--flags', JSON.stringify({ ...mesh.flags, ports: { orchestrator: port } })],
    log: join(kit.folder, 'logs', 'standby.log'),
  });
  kit.onEnd(() => node.end('SIGKILL'));
  node.launch();
  return {
    caller: mesh.another('heir', { through: port }),
    has_served: () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        () => true,
        () => false,
      ),
    end: () => node.end('SIGTERM'),
  };
}

/** One lane asks for a wish after the other, each under its key until it is accepted. */
async function work(kit: Kit, mesh: TestMesh, { lane, end }: { lane: number; end: number }): Promise<void> {
  for (let count = 0; performance.now() < end; count++) {
    const skill = count % 3 === 0 ? 'double_set' : 'double_read';
    const params = { call: `wish-${lane}-${count}`, wait_ms: Math.floor(kit.random.next() * 30) };
    await mesh.caller.insist({ skill, params, options: { mode: 'active' } }, 60_000);
  }
}

const ready = (mesh: TestMesh) =>
  until(
    'it is ready',
    async () => (await mesh.health('/health/readiness').catch(() => ({ status: 0 }))).status === 200,
  );

/** All but the one that asks. */
const SESSIONS = `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`;
const WORK_MS = 10_000;
const LANES = 8;
const CUTS = 4;
