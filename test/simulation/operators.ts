/** People who ask: they send again under the same key until they hear an answer, and write down what they asked and heard. */
import { z } from 'zod';
import { answerHello, createMethods, createPeer, isLinkLost, sayHello, type Peer } from '../../mesh/index.ts';
import { ApprovalPage, AuroraError, Task } from '../../protocol/index.ts';
import { sleep } from '../../seams/index.ts';
import { digestOf } from '../faults/checker.ts';
import type { Wish } from './agents.ts';
import { identityAs, PINS } from './keys.ts';
import type { Seat } from './seat.ts';
import type { World } from './world.ts';

/** What is ordered. */
export interface Order {
  skill: string;
  params: Wish;
  options: { idempotency_key: string; deadline_ms: number; priority: number };
}

/** One person, who connects again whenever the link is gone. */
export interface Operator {
  /** Sends until it is accepted; undefined when it was refused for good. */
  insist(order: Order): Promise<string | undefined>;
  cancel(task_id: string): Promise<void>;
  /** What became of a task; also asks again until somebody answers. */
  get(task_id: string): Promise<Task>;
  /** Looks once at what waits, and answers it. */
  decide(): Promise<void>;
}

/** A person named `id` in that seat: joins when first asked for something. */
export function createOperator(world: World, id: string, seat: Seat): Operator {
  const { time, history } = world;
  let joined: Promise<Peer> | undefined;
  let count = 0;

  return { insist, cancel, get, decide };

  async function insist({ skill, params, options }: Order): Promise<string | undefined> {
    const { idempotency_key: key } = options;
    for (;;) {
      const about = { who: 'client', op: 'handoff', tenant: 'default', id: `${id}.${++count}`, key } as const;
      const wish = { ...about, call: params.call, digest: digestOf(params) };
      const peer = await present();
      history.push({ ...wish, kind: 'invoke', ...time.stamp() });
      try {
        const asked = { to: { skill }, params: { ...params }, options, wait: 'accepted' };
        const { task_id } = Accepted.parse(await peer.request('handoff', asked, { timeout_ms: CALL_MS_MAX }));
        history.push({ ...wish, kind: 'ok', task_id, ...time.stamp() });
        world.tell(`${id} has ${params.call} accepted as ${task_id}`);
        return task_id;
      } catch (reason) {
        const error = AuroraError.from(reason);
        const kind = isUnheard(error) ? 'info' : 'fail';
        const { code, retry_after_ms } = error;
        const refusal = { code, ...(retry_after_ms !== undefined && { retry_after_ms }) };
        history.push({ ...wish, kind, ...refusal, ...time.stamp() });
        world.tell(`${id} hears ${code} ${error.message} for ${params.call}`);
        if (kind === 'fail' && !AGAIN.has(code)) return undefined;
        await sleep(time, world.between(50, 500));
      }
    }
  }

  async function cancel(task_id: string): Promise<void> {
    const about = { who: 'client', op: 'cancel', tenant: 'default', id: `${id}.${++count}`, task_id } as const;
    history.push({ ...about, kind: 'invoke', ...time.stamp() });
    world.tell(`${id} cancels ${task_id}`);
    const { state } = Task.parse(await persist('task/cancel', { task_id }));
    history.push({ ...about, kind: 'ok', state, ...time.stamp() });
  }

  async function get(task_id: string): Promise<Task> {
    return Task.parse(await persist('task/get', { task_id }));
  }

  async function decide(): Promise<void> {
    const peer = await present();
    try {
      const { items } = ApprovalPage.parse(
        await peer.request('approval/list', { state: 'pending' }, { timeout_ms: CALL_MS_MAX }),
      );
      for (const { approval_id, action_hash, votes } of items) {
        if (votes.some(({ by }) => by === id)) continue;
        const decision = world.random.next() < 0.9 ? 'approve' : 'reject';
        await peer.request('approval/decide', { approval_id, action_hash, decision }, { timeout_ms: CALL_MS_MAX });
      }
    } catch {
      // Somebody else was faster, or nobody is there: whoever looks again sees.
    }
  }

  async function persist(method: string, params: Record<string, unknown>): Promise<unknown> {
    for (;;) {
      const peer = await present();
      try {
        return await peer.request(method, params, { timeout_ms: CALL_MS_MAX });
      } catch (reason) {
        if (!isUnheard(AuroraError.from(reason))) throw reason;
        await sleep(time, AGAIN_MS);
      }
    }
  }

  /** A link to whoever sits there now; waits for somebody. */
  async function present(): Promise<Peer> {
    for (;;) {
      joined ??= join();
      const peer = await joined.catch(() => undefined);
      if (peer?.link.open) return peer;
      joined = undefined;
      await sleep(time, AGAIN_MS);
    }
  }

  async function join(): Promise<Peer> {
    const incumbent = seat.now();
    if (!incumbent) throw new Error('nobody sits there');
    const [near, far] = world.link('orchestrator.test:1', undefined, incumbent.process);
    incumbent.orchestrator.accept(far);
    const self = { self: identityAs(id, id), pins: PINS, clock: time, ids: world.ids, random: world.random };
    const methods = createMethods(
      new Map([['mesh/hello', (params, call) => answerHello(self, params, call)] as const]),
    );
    const peer = createPeer({ ...self, link: near, log: world.log, metrics: world.metrics, methods });
    await sayHello(peer, self, CALL_MS_MAX);
    return peer;
  }
}

/** Nobody knows whether it happened. */
const isUnheard = (error: AuroraError): boolean => isLinkLost(error) || error.code === 5040;

const Accepted = z.object({ task_id: z.string() });
/** Refusals that go by. */
const AGAIN = new Set<number>([4290, 5030]);
const CALL_MS_MAX = 2_000;
const AGAIN_MS = 100;
