/** X15: the link is cut after every byte of a call and of its answer: nothing is lost or done twice, the next socket starts clean. */
import { startChaosProxy, type ChaosProxy } from '../chaos-proxy.ts';
import type { Scenario, TestMesh } from '../harness.ts';
import { until } from '../waiting.ts';
import { that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X15',
  name: 'cut-at-every-byte',
  set: 'full',
  ms_max: 240_000,
  async run(seed, kit) {
    const mesh = await kit.start({ proxied: true });
    const port = Number(new URL(mesh.url).port);
    const proxy = await startChaosProxy({ target_port: port, seed });
    kit.onEnd(() => proxy.close());
    const size = await sizes(mesh, proxy);
    kit.inject(`cuts of ${size.up} bytes up and ${size.down} down`);
    const apart: string[] = [];
    let cuts = 0;
    for (const direction of ['up', 'down'] as const) {
      for (const bytes of places(size[direction], seed)) {
        const call = `${direction}-${bytes}`;
        const wish = { params: { call }, options: { idempotency_key: call } };
        proxy.set({ [direction]: { cut_after_bytes: bytes, cut_by: bytes % 2 === 0 ? 'reset' : 'end' } });
        const cutter = mesh.another(call, { through: proxy.port, call_ms_max: 2_000 });
        const answer = await cutter.ask(wish);
        cutter.close();
        if (answer.kind !== 'ok') cuts += 1;
        proxy.set({});
        const task_id = await mesh.caller.insist(wish);
        if (answer.kind === 'ok' && answer.task_id !== task_id) apart.push(call);
      }
    }
    const inner = await cutBeforeAgent(mesh, kit.random.next());
    kit.recovered();
    return {
      verdict: [...that(apart.length === 0, `another id after ${apart.join()}`), ...(await mesh.finish())],
      figures: { cuts: cuts + inner },
    };
  },
};

/** Bytes of one connection that says hello and asks once. */
async function sizes(mesh: TestMesh, proxy: ChaosProxy): Promise<{ up: number; down: number }> {
  const caller = mesh.another('measure', { through: proxy.port });
  await caller.ask({ params: { call: 'up-0000' }, options: { idempotency_key: 'up-0000' } });
  const size = { ...proxy.bytes };
  caller.close();
  return size;
}

/** Every byte of the call at the end, and of the handshake before it one in so many, another one with each seed. */
const places = (size: number, seed: number): number[] =>
  Array.from({ length: size }, (_, place) => place + 1).filter(
    (place) => place > size - CALL_BYTES || place % HANDSHAKE_STEP === seed % HANDSHAKE_STEP,
  );

/** The same inside the mesh, where links come back with growing pauses: within a piece of work, and within its answer. */
async function cutBeforeAgent(mesh: TestMesh, chance: number): Promise<number> {
  const proxy = mesh.proxy('double-a');
  const bytes = Math.ceil(chance * WORK_BYTES);
  for (const climate of [{ up: { cut_after_bytes: bytes } }, { down: { cut_after_bytes: Math.ceil(bytes / 8) } }]) {
    const before = proxy.accepted;
    proxy.set(climate);
    await mesh.caller.insist({ params: { call: `inner-${Object.keys(climate).join()}` }, agent_id: 'double-a' });
    await until('the link was cut', () => proxy.standing === 0 || proxy.accepted > before);
    proxy.set({});
    await mesh.caller.online(['double-a']);
  }
  return 2;
}

const CALL_BYTES = 400;
const HANDSHAKE_STEP = 16;
/** A handoff to a double has more bytes than this. */
const WORK_BYTES = 600;
