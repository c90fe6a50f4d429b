/** A host in memory and whoever knocks at it: with a key, with another's key, or with none. */
import { z } from 'zod';
import {
  answerHello,
  createHost,
  createMethods,
  createPeer,
  defineAgent,
  literalPins,
  memoryLink,
  sayHello,
  type HandshakeDeps,
  type Host,
  type HostDeps,
  type Identity,
  type Link,
  type LinkLimits,
  type MethodHandler,
  type Peer,
  type Pin,
} from '../../mesh/index.ts';
import { skill, type SkillContext } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  manualClock,
  memoryLog,
  seededRandom,
  type ManualClock,
} from '../../seams/index.ts';
import { identityOf } from '../support/mesh.ts';

/** A host of the agent `worker`, and the ways to its door. */
export interface Doorstep {
  host: Host;
  clock: ManualClock;
  log: ReturnType<typeof memoryLog>;
  metrics: ReturnType<typeof countingMetrics>;
  orchestrator: Identity;
  operator: Identity;
  pins: Pin[];
  /** Opens a link; the near end is the caller's. */
  link(options?: { protocol?: string; dialled?: string; limits?: LinkLimits }): Link;
  /** A peer at the door that has not said a word; it answers a hello with that identity, or not at all. */
  knock(self?: Identity, options?: Knock & { answer?: MethodHandler }): Peer;
  /** A peer that said hello both ways. */
  enter(self: Identity, options?: Knock): Promise<Peer>;
  /** What an honest end of that identity needs for its hello. */
  handshake(self: Identity): HandshakeDeps;
}

/** How to knock, and what to answer the host beside its hello. */
interface Knock {
  protocol?: string;
  limits?: LinkLimits;
  dialled?: string;
  methods?: Record<string, MethodHandler>;
}

/** Work of the skill `read_text`, or of `write_text`. */
export type Run = (text: string, ctx: SkillContext) => Promise<string> | string;

/** Opens a door. */
export function doorstep(
  options: { run?: Run; concurrency?: number; host?: Partial<HostDeps>; pins?: Pin[] } = {},
): Doorstep {
  const clock = manualClock();
  const ids = countingIds();
  const random = seededRandom(7);
  const log = memoryLog();
  const metrics = countingMetrics();
  const orchestrator = identityOf('orchestrator', 'orchestrator');
  const operator = identityOf('operator:ann', 'operator');
  const worker = identityOf('worker', 'agent');
  const pins = [orchestrator.pin, operator.pin, worker.pin, ...(options.pins ?? [])];
  const shared = { clock, ids, random, log, metrics, pins: literalPins(pins) };
  const run = options.run ?? ((text: string) => text);
  const host = createHost(workerAgent(run, options.concurrency), {
    ...shared,
    self: worker.identity,
    anonymous: 'loopback',
    content: literalContent(),
    openRef: () => {
      throw new Error('no blobs here');
    },
    ...options.host,
  });

  const handshake = (self: Identity): HandshakeDeps => ({ ...shared, self });
  const link = (about: { protocol?: string; dialled?: string; limits?: LinkLimits } = {}) => {
    const [near, far] = memoryLink({ clock, dialled: 'worker.test:9002', ...about });
    host.accept(far);
    return near;
  };
  const knock: Doorstep['knock'] = (self, about = {}) => {
    const answer: MethodHandler | undefined =
      about.answer ?? (self && ((params, call) => answerHello(handshake(self), params, call)));
    const methods = new Map(Object.entries({ ...about.methods, ...(answer && { 'mesh/hello': answer }) }));
    return createPeer({ ...shared, link: link(about), methods: createMethods(methods) });
  };
  return {
    host,
    clock,
    log,
    metrics,
    orchestrator: orchestrator.identity,
    operator: operator.identity,
    pins,
    link,
    knock,
    handshake,
    async enter(self, about) {
      const peer = knock(self, about);
      await sayHello(peer, handshake(self), 5_000);
      return peer;
    },
  };
}

/** The routing of a handoff to `worker`, as the orchestrator writes it. */
export const routingTo = (clock: ManualClock, about: Record<string, unknown> = {}) => ({
  handoff_id: 'handoff_1',
  task_id: 'task_1',
  root_id: 'task_1',
  from: 'operator:ann',
  to: 'worker',
  hop: 1,
  path: ['worker'],
  mode: 'monitor',
  priority: 5,
  attempt: 1,
  fence: 1,
  deadline: new Date(clock.now() + 60_000).toISOString(),
  budget_ms: 60_000,
  actor: { sub: 'operator:ann', scopes: ['*'], tenant: 'default' },
  ...about,
});

function workerAgent(run: Run, concurrency = 8) {
  const about = {
    tags: ['text'],
    concurrency,
    params: z.object({ text: z.string() }),
    result: z.object({ text: z.string() }),
  };
  const read = skill({ ...about, id: 'read_text', title: 'Read', description: 'Reads a text.', effect: 'read' });
  const write = skill({
    ...about,
    id: 'write_text',
    title: 'Write',
    description: 'Writes a text.',
    effect: 'non_idempotent',
    effect_kinds: ['endpoint_isolation'],
  });
  const handle = async ({ text }: { text: string }, ctx: SkillContext) => ({ text: await run(text, ctx) });
  return defineAgent({
    id: 'worker',
    name: 'Worker',
    description: 'Works on texts.',
    skills: [read.implement(handle), write.implement(handle)],
  });
}
