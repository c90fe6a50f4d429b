/** The agents of the simulated mesh: they wait, hand on, change the world, die and come back, and write down what they do. */
import { z } from 'zod';
import { auditedEffects } from '../../boot/effects.ts';
import { createHost, defineAgent, digestOf, type Agent, type Host, type Link } from '../../mesh/index.ts';
import { cardOf, skill, type Effect, type SkillContext } from '../../protocol/index.ts';
import { literalContent, memoryInbox, sleep, type Effects, type Inbox } from '../../seams/index.ts';
import type { HistoryEvent } from '../faults/history.ts';
import { identityAs, PINS } from './keys.ts';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** What an agent is asked to do. */
export const Wish = z.object({
  call: z.string(),
  wait_ms: z.number(),
  /** Does not look at the abort signal. */
  deaf: z.boolean().optional(),
  /** Skills to hand on to, before its own effect. */
  children: z.array(z.string()).optional(),
});
export type Wish = z.infer<typeof Wish>;

/** One place where an agent runs; it is started again when it dies. */
export interface Place {
  readonly name: string;
  readonly agent_id: string;
  readonly url: string;
  readonly card: unknown;
  /** Rejects while nobody runs there. */
  readonly dial: (from: SimulatedProcess) => Link;
  readonly crash: (why: string) => void;
  /** Nobody runs there any more. */
  readonly close: () => void;
}

/** Agents that are broken on purpose. */
export interface AgentFaults {
  /** They lose their inboxes when they die. */
  forgets?: boolean;
  /** They put nothing on record of what they do. */
  silent?: boolean;
}

/** Starts an agent in its place; its inbox stays there when it dies. */
export function openPlace(world: World, nth: number, { forgets = false, silent = false }: AgentFaults): Place {
  const { agent_id, agent, card } = FLEET[nth]!;
  const name = `${agent_id}-${nth}`;
  const url = `ws://${name}.test:1`;
  let inbox = memoryInbox(world.time);
  let life: { process: SimulatedProcess; host: Host } | undefined;
  boot();

  function boot(): void {
    const process = world.process(name);
    if (forgets) inbox = memoryInbox(world.time);
    const instance_id = world.ids.next('inst');
    LIVES.set(process.clock, { world, process, crash, agent_id, instance_id });
    const host = createHost(agent, {
      clock: process.clock,
      ids: world.ids,
      random: world.random,
      log: world.log,
      metrics: world.metrics,
      pins: PINS,
      anonymous: 'loopback',
      self: identityAs(agent_id, instance_id),
      card_digest: digestOf(card),
      content: literalContent(),
      openRef: () => {
        throw new Error('no blobs here');
      },
      inbox: watched(world, process, name, inbox, crash),
      effects: driverOf(world, process, agent_id, silent),
    });
    life = { process, host };
    world.tell(`${name} starts as ${instance_id}`);
  }

  function crash(why: string): void {
    if (!life) return;
    world.tell(`${name} dies: ${why}`);
    life.process.die(world.happens(0.1) ? SILENT_MS : world.between(0, 30));
    world.history.push({ who: 'agent', kind: 'gone', ...world.time.stamp(), agent_id, pid: life.process.pid });
    life = undefined;
    world.time.after(world.between(5, 1_500), boot);
  }

  return {
    name,
    agent_id,
    url,
    card,
    dial(from) {
      if (!life) throw new Error(`nobody listens on ${url}`);
      const [near, far] = world.link(new URL(url).host, from, life.process);
      life.host.accept(far);
      return near;
    },
    crash,
    close: () => life?.process.die(0),
  };
}

/** What a handler knows of the process that runs it. */
interface Life {
  world: World;
  process: SimulatedProcess;
  readonly crash: (why: string) => void;
  agent_id: string;
  instance_id: string;
}

/** Agents are made once, for all seeds: their handlers know their process by its clock. */
const LIVES = new WeakMap<object, Life>();

async function act({ call, wait_ms, deaf, children = [] }: Wish, ctx: SkillContext, effect: Effect) {
  const { world, process, crash, agent_id, instance_id } = LIVES.get(ctx.clock)!;
  const run = world.ids.next('run');
  const about = { who: 'agent', agent_id, instance_id, pid: process.pid, exec: run, call, effect } as const;
  const write = (kind: 'exec-start' | 'exec-end') => world.history.push({ ...about, kind, ...world.time.stamp() });
  const rest = (ms: number) => sleep(process.clock, ms, deaf ? undefined : ctx.signal);
  const mayDie = async (when: string) => {
    if (world.happens(world.faults.die_in_run)) crash(`${when} ${run}`);
    if (!process.isAlive()) await new Promise(() => undefined);
  };
  write('exec-start');
  world.tell(`${instance_id} runs ${run} of ${call} (${effect})`);
  ctx.progress.status(`${run} begins`);
  await rest(wait_ms);
  for (const [nth, child] of children.entries()) {
    const params = { call: `${call}.${run}.${nth}`, wait_ms: wait_ms / 2 };
    await ctx.handoff({ to: { skill: child }, params, reason: 'a part of it' });
  }
  await mayDie('before the effect of');
  if (effect !== 'read') takeEffect(world, about);
  await mayDie('after the effect of');
  await rest(1);
  write('exec-end');
  return { run, call };
}

/** An idempotent effect is a state, which a second one finds reached; any other one happens again. */
function takeEffect(world: World, about: Extract<HistoryEvent, { who: 'agent' }> | Omit<AgentAct, 'kind'>): void {
  const effect_key = `${about.call ?? ''}:${about.effect === 'idempotent' ? 'state' : (about.exec ?? '')}`;
  const applied = !world.effects.has(effect_key);
  world.effects.add(effect_key);
  for (const kind of ['effect-start', 'effect-done'] as const) {
    const end = kind === 'effect-done' ? { applied } : {};
    world.history.push({ ...about, who: 'agent', kind, ...world.time.stamp(), effect_key, ...end });
  }
}

type AgentAct = Omit<Extract<HistoryEvent, { who: 'agent' }>, 'ns' | 'at_ms'>;

/** Isolates what it is told to, once it is granted: through the product's own way out. */
async function contain({ call, wait_ms }: Wish, ctx: SkillContext) {
  const { world, process, crash, agent_id, instance_id } = LIVES.get(ctx.clock)!;
  const run = world.ids.next('run');
  const about = { who: 'agent', agent_id, instance_id, pid: process.pid, exec: run, call } as const;
  world.history.push({ ...about, kind: 'exec-start', ...world.time.stamp(), effect: 'idempotent' });
  await sleep(process.clock, wait_ms, ctx.signal);
  await ctx.effects.apply({ kind: 'isolation', target: call, desired: { state: 'isolated' } });
  if (world.happens(world.faults.die_in_run)) crash(`after the isolation of ${call}`);
  await sleep(process.clock, 1, ctx.signal);
  world.history.push({ ...about, kind: 'exec-end', ...world.time.stamp(), effect: 'idempotent' });
  return { run, call };
}

/** The shipped driver, which puts on record what it does, on the way to the world outside. */
const driverOf = (world: World, process: SimulatedProcess, agent_id: string, is_silent: boolean): Effects =>
  auditedEffects(carrierOf(world, process, agent_id), {
    ...{ clock: process.clock, ids: world.ids, log: world.log },
    actions: actionsOf(world, process, is_silent),
  });

/** The log of actions on this agent's disk: a write takes time, and what a dead process would write is not written. */
const actionsOf = (world: World, process: SimulatedProcess, is_silent: boolean) => ({
  async write(record: object) {
    await sleep(process.clock, world.between(0, 1));
    const { task_id, approval_id, effect_key, state, recorded_at: at } = Acted.parse(record);
    const about = { task_id, effect_key: useOf({ approval_id, effect_key }), state, at };
    if (!is_silent) world.history.push({ who: 'audit', ...about, ns: world.time.stamp().ns });
  },
});

const Acted = z.object({
  ...{ task_id: z.string(), approval_id: z.string(), effect_key: z.string(), recorded_at: z.string() },
  state: z.enum(['intended', 'applied', 'failed']),
});

/** The outside world: a call takes time, and is not undone by the death of who made it. */
const carrierOf =
  (world: World, process: SimulatedProcess, agent_id: string): Parameters<typeof auditedEffects>[0] =>
  async ({ target, effect_key, approval_id }) => {
    const action_hash = hashOf(world, approval_id, target);
    await sleep(process.clock, world.between(0, 20));
    const applied = !world.effects.has(target);
    world.effects.add(target);
    const about = {
      who: 'agent',
      agent_id,
      pid: process.pid,
      call: target,
      effect_key: useOf({ approval_id, effect_key }),
      action_hash,
      dangerous: true,
    } as const;
    world.history.push({ ...about, kind: 'effect-start', ...world.time.stamp() });
    world.history.push({ ...about, kind: 'effect-done', ...world.time.stamp(), applied });
    return {};
  };

/** One use of an approval: what expired before its effect was known is asked again, and used under another id. */
export const useOf = ({ approval_id, effect_key }: { approval_id: string; effect_key: string }): string =>
  `${approval_id} ${effect_key}`;

/** What people were asked about under that id, when it was about this target; else what no question ever was. */
function hashOf({ committed }: World, approval_id: string, target: string): string {
  const asked = committed.find(
    ({ type, payload }) => type === 'approval_asked' && payload.includes(`"${approval_id}"`),
  );
  const accepted = committed.find(({ type, task_id }) => type === 'accepted' && task_id === asked?.task_id);
  if (!asked || !accepted?.payload.includes(`"${target}"`)) return `${target} was never asked about`;
  return Asked.parse(JSON.parse(asked.payload)).action_hash;
}

const Asked = z.object({ action_hash: z.string() });

/** The inbox on this agent's disk: what a dead process would keep is not kept; one may die before it answers what it kept. */
function watched(
  world: World,
  process: SimulatedProcess,
  place: string,
  inbox: Inbox,
  crash: (why: string) => void,
): Inbox {
  return {
    ...inbox,
    keep(entry) {
      if (!process.isAlive()) return;
      inbox.keep(entry);
      const { call } = Kept.safeParse(JSON.parse(entry.outcome)).data?.result ?? {};
      if (call === undefined || entry.effect_key !== '') return;
      world.kept.push({ call, place, ns: world.time.stamp().ns });
      if (world.happens(world.faults.die_in_run)) crash(`after the outcome of ${call} was kept`);
    },
  };
}

const Kept = z.object({ result: z.object({ call: z.string() }) });

const Done = z.object({ run: z.string(), call: z.string() });

const make = (id: string, effect: Effect, action_class: 'read' | 'low' | 'medium') =>
  skill({
    id,
    title: id,
    description: `Does as it is told (${effect}).`,
    tags: ['simulation'],
    effect,
    action_class,
    targets: action_class === 'read' ? [] : ['/call'],
    effect_kinds: action_class === 'read' ? [] : ['isolation'],
    params: Wish,
    result: Done,
  });

const OFFERED = [
  make('look', 'read', 'read').implement((wish, ctx) => act(wish, ctx, 'read')),
  make('set', 'idempotent', 'read').implement((wish, ctx) => act(wish, ctx, 'idempotent')),
  make('fire', 'non_idempotent', 'low').implement((wish, ctx) => act(wish, ctx, 'non_idempotent')),
  make('contain', 'idempotent', 'medium').implement(contain),
];
const ofId = (agent_id: string): { agent_id: string; agent: Agent } => ({
  agent_id,
  agent: defineAgent({ id: agent_id, name: agent_id, description: 'Does as it is told.', skills: OFFERED }),
});
const ADA = ofId('ada');
const BOB = ofId('bob');
/** Two agents in three places: one has a replica. */
const FLEET = [ADA, ADA, BOB].map(({ agent_id, agent }, nth) => ({
  agent_id,
  agent,
  card: cardOf(agent, `ws://${agent_id}-${nth}.test:1`),
}));
export const PLACES = FLEET.length;

/** How long nobody may notice a death, ms: a half-open link ends with its heartbeat (PROM-P12). */
const SILENT_MS = 20_000;
