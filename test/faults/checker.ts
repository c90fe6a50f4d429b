/**
 * The history checker (promises.md 5): reads what clients, agents and the journal say happened, and names every promise that
 * was broken. One pass a rule, no search. It knows the promises, never the product: even the chain is computed anew here.
 */
import { createHash } from 'node:crypto';
import type {
  AgentEvent,
  ApprovalEvent,
  AuditEvent,
  ClientEvent,
  FrameEvent,
  HistoryEvent,
  JournalEvent,
} from './history.ts';

/** Which promise was broken; the invariants are those of promises.md 2. */
export type Code =
  | 'LOST' // INV1
  | 'PHANTOM' // INV2
  | 'DUP_EFFECT' // INV6
  | 'STALE' // INV7
  | 'EARLY' // INV13: before the grant
  | 'LATE' // INV9: as the agent saw it
  | 'LEAK' // INV15
  | 'UNAUDITED' // INV16: an effect without its records
  | `INV${4 | 5 | 8 | 9 | 10 | 12 | 13 | 14 | 16 | 17}`;

/** One broken promise. */
export interface Violation {
  code: Code;
  /** The task, key, approval or link it is about. */
  about: string;
  why: string;
  /** It is about the time of the task being over, by the deadline that it was accepted with. */
  by_deadline?: true;
}

/** All violations, in the order of the rules; empty for a good history. */
export function check(events: readonly HistoryEvent[]): Violation[] {
  const history = index(events);
  return Object.values(RULES).flatMap((rule) => [...rule(history)]);
}

const RULES: Record<string, (history: History) => Iterable<Violation>> = {
  /** INV1: every accepted wish has exactly one end. */
  *lost({ accepted, tasks }) {
    for (const { task_id = '' } of accepted) {
      const ends = (tasks.get(task_id)?.events ?? []).filter(isEnd).length;
      if (ends !== 1) yield { code: 'LOST', about: task_id, why: `accepted, and ended ${ends} times` };
    }
  },

  /** INV2: what is journaled, somebody asked for; what is executed was journaled. */
  *phantom({ tasks, invokes, executions, taskOf }) {
    const digests = new Set(invokes.map(({ digest }) => digest));
    for (const { task_id, accepted } of tasks.values()) {
      if (accepted.parent_id === undefined && !digests.has(digestOf(accepted.params)))
        yield { code: 'PHANTOM', about: task_id, why: 'journaled, and nobody asked for it' };
    }
    for (const { call = '' } of executions)
      if (!taskOf(call)) yield { code: 'PHANTOM', about: call, why: 'executed, and not in the journal' };
  },

  /** INV4: nothing follows an end but notes, and a caller who saw an end saw that one. */
  *final({ tasks, ends }) {
    for (const { task_id, events } of tasks.values()) {
      const after = events.slice(events.findIndex(isEnd) + 1 || events.length);
      for (const { type } of after)
        if (!NOTES.has(type)) yield { code: 'INV4', about: task_id, why: `${type} after its end` };
    }
    for (const { task_id = '', state } of ends) {
      const end = tasks.get(task_id)?.events.find(isEnd);
      if (end && STATES[end.type] !== state)
        yield { code: 'INV4', about: task_id, why: `a caller saw ${state ?? 'nothing'}, the journal says ${end.type}` };
    }
  },

  /** INV5: one id a key; the first writer wins. */
  *keys({ accepted, tasks }) {
    const ids = new Map<string, Set<string>>();
    const add = (key: string, id: string) => ids.set(key, (ids.get(key) ?? new Set()).add(id));
    for (const { key, tenant, task_id = '' } of accepted) if (key !== undefined) add(`${tenant} ${key}`, task_id);
    for (const task of tasks.values()) if (task.accepted.key) add(task.accepted.key.scope, task.task_id);
    for (const [key, own] of ids)
      if (own.size > 1) yield { code: 'INV5', about: key, why: `stands for ${[...own].join(' and ')}` };
  },

  /** INV6: an idempotent wish leaves one effect, another one runs once. */
  *effects({ effects, executions, taskOf }) {
    const applied = group(
      effects.filter(({ kind, applied = true }) => kind === 'effect-done' && applied),
      ({ call }) => call,
    );
    for (const [call, own] of applied)
      if (own.length > 1) yield { code: 'DUP_EFFECT', about: call, why: `took effect ${own.length} times` };
    const starts = executions.filter(({ effect }) => effect === 'idempotent' || effect === 'non_idempotent');
    for (const [call, own] of group(starts, ({ call }) => call)) {
      const once = own[0]?.effect === 'non_idempotent';
      const task = taskOf(call);
      const acts = (task?.accepted.mode ?? 'active') === 'active';
      const is_done = acts && task?.events.some(({ type }) => type === 'succeeded');
      if (once && own.length > 1)
        yield { code: 'DUP_EFFECT', about: call, why: `may run once and ran ${own.length} times` };
      if (is_done && !applied.has(call)) yield { code: 'DUP_EFFECT', about: call, why: 'succeeded without an effect' };
    }
  },

  /** INV7: fences only grow, and the result that counts is the one of the newest lease. */
  *fences({ tasks, executions }) {
    for (const { task_id, events } of tasks.values()) {
      let fence = 0;
      for (const event of events) {
        if (event.type === 'leased' && (event.fence ?? 0) <= fence)
          yield { code: 'STALE', about: task_id, why: `fence ${event.fence ?? 0} after ${fence}` };
        if (event.type === 'leased') fence = event.fence ?? 0;
        if (event.type !== 'succeeded') continue;
        if ((event.fence ?? 0) !== fence)
          yield { code: 'STALE', about: task_id, why: `a result of fence ${event.fence ?? 0} applied under ${fence}` };
        const run = executions.find(({ exec }) => exec !== undefined && exec === execIn(event));
        const lease = events.find((other) => other.type === 'leased' && other.fence === fence);
        if (run?.instance_id && lease && !mayAnswerUnder(lease, run.instance_id, events))
          yield { code: 'STALE', about: task_id, why: `the result is of ${run.instance_id}, which held no lease` };
      }
    }
  },

  /** INV8: two runs of one task overlap only when the earlier lease was over. */
  *overlap({ executions, stops, taskOf }) {
    for (const [call, runs] of group(executions, (run) => run.call)) {
      const task = taskOf(call);
      if (!task) continue;
      const leased = runs.map((run) => ({ run, fence: fenceOf(run, task), over: endOf(run, stops) }));
      for (const [place, { run, fence }] of leased.entries()) {
        const clash = leased.slice(0, place).find((other) => other.over > run.ns && other.fence === fence);
        if (clash) yield { code: 'INV8', about: task.task_id, why: `runs twice at once under fence ${fence}` };
      }
    }
  },

  /** INV9, as the journal saw it: no lease after the deadline, none after the cancel was acknowledged. */
  *leases({ tasks, cancels }) {
    for (const { task_id, events, deadline_ms } of tasks.values()) {
      const cancel = cancels.get(task_id);
      for (const event of events) {
        if (event.type !== 'leased') continue;
        if (Date.parse(event.at) > deadline_ms + LATE_MS)
          yield { code: 'INV9', about: task_id, why: 'leased too late', by_deadline: true };
        if (cancel && isBefore(cancel, event)) yield { code: 'INV9', about: task_id, why: 'leased after its cancel' };
      }
    }
  },

  /** INV9, as the agents saw it. */
  *late({ executions, cancels, taskOf }) {
    for (const { call = '', at_ms, ns } of executions) {
      const task = taskOf(call);
      if (!task) continue;
      if (at_ms > task.deadline_ms + LATE_MS)
        yield {
          code: 'LATE',
          about: task.task_id,
          why: `started ${at_ms - task.deadline_ms} ms after its deadline`,
          by_deadline: true,
        };
      if (ns > (cancels.get(task.task_id)?.ns ?? Infinity))
        yield { code: 'LATE', about: task.task_id, why: 'started after its cancel was acknowledged' };
    }
  },

  /** INV10: at most five attempts, and a dead letter says what each of them died of. */
  *attempts({ tasks }) {
    for (const { task_id, events } of tasks.values()) {
      const leases = events.filter(({ type }) => type === 'leased').length;
      if (leases > ATTEMPTS_MAX) yield { code: 'INV10', about: task_id, why: `${leases} attempts` };
      const dead = events.find(({ type }) => type === 'dead_lettered');
      const causes = events.filter((event) => event.type === 'released' && 'outcome' in payloadOf(event)).length;
      if (dead && (causes + 1 < leases || !('error' in payloadOf(dead))))
        yield { code: 'INV10', about: task_id, why: `${leases} attempts and the causes of ${causes}` };
    }
  },

  /** INV12: a refusal says when to come back where it is about load, and leaves nothing behind. */
  *refusals({ refusals, hopeful, taskOf }) {
    for (const { id, call = '', code = 0, retry_after_ms } of refusals) {
      if (LOAD_CODES.has(code) && retry_after_ms === undefined)
        yield { code: 'INV12', about: id, why: `${code} without a time to come back` };
      if (taskOf(call) && !hopeful.has(call)) yield { code: 'INV12', about: id, why: `${code}, and journaled` };
    }
  },

  /** INV13: a dangerous effect has one unexpired approval of somebody else, for exactly this, used once. */
  *approvals({ effects, approvals }) {
    for (const effect of effects) {
      if (effect.kind !== 'effect-start' || !effect.dangerous) continue;
      const { effect_key = '', action_hash = '', ns } = effect;
      const used = approvals.filter(({ kind, effect_key: key }) => kind === 'used' && key === effect_key);
      const [use] = used;
      const about = use?.approval_id ?? effect_key;
      if (!use || used.length > 1) {
        yield { code: 'INV13', about, why: `${used.length} approvals were used for it` };
        continue;
      }
      const own = approvals.filter(({ approval_id }) => approval_id === use.approval_id);
      const granted = own.find(({ kind }) => kind === 'granted');
      const requested = own.find(({ kind }) => kind === 'requested');
      if (!granted || granted.ns > ns) yield { code: 'EARLY', about, why: 'took effect before it was granted' };
      if (use.at_ms > (requested?.expires_ms ?? Infinity)) yield { code: 'INV13', about, why: 'had expired' };
      if (requested?.action_hash !== action_hash) yield { code: 'INV13', about, why: 'was for something else' };
      if (granted?.by.some((one) => requested?.by.includes(one)))
        yield { code: 'INV13', about, why: 'granted by who asked' };
      if (granted && granted.by.length < (requested?.needed ?? 1))
        yield { code: 'INV13', about, why: `granted by ${granted.by.length}` };
      if (own.filter(({ kind }) => kind === 'used').length > 1) yield { code: 'INV13', about, why: 'used twice' };
    }
  },

  /** INV14: only `active` acts. */
  *modes({ effects, taskOf }) {
    for (const { kind, call = '' } of effects) {
      const mode = taskOf(call)?.accepted.mode;
      if (kind === 'effect-start' && mode !== undefined && mode !== 'active')
        yield { code: 'INV14', about: call, why: `took effect in ${mode}` };
    }
  },

  /** INV15: what one tenant planted, no other sees. */
  *leaks({ canaries, seen }) {
    for (const { tenant, text } of seen)
      for (const canary of canaries)
        if (canary.tenant !== tenant && text.includes(canary.text))
          yield { code: 'LEAK', about: canary.tenant, why: `${tenant} was sent its canary` };
  },

  /** INV16: the chain holds without a hole. */
  *chain({ tasks }) {
    for (const { task_id, events } of tasks.values()) {
      let head = { seq: 0, hash: GENESIS };
      for (const event of events) {
        const why = breakOf(head, event);
        if (why !== undefined) yield { code: 'INV16', about: `${task_id} #${event.seq}`, why };
        if (why !== undefined) break;
        head = event;
      }
    }
  },

  /** INV16: a dangerous effect is on record before it is, and as applied when its task succeeded; what is on record as applied is. */
  *audit({ effects, audits, taskOf }) {
    const dangerous = effects.filter((effect) => effect.dangerous);
    const done = new Set(dangerous.filter(({ kind }) => kind === 'effect-done').map(({ effect_key }) => effect_key));
    for (const effect of dangerous) {
      const { kind, effect_key: about = '', call = '' } = effect;
      const own = audits.get(about) ?? [];
      const is_intended = own.some((record) => record.state === 'intended' && !isBefore(effect, record));
      const is_applied = own.some(({ state }) => state === 'applied');
      if (kind === 'effect-start' && !is_intended)
        yield { code: 'UNAUDITED', about, why: 'took effect before it was on record' };
      const is_over = taskOf(call)?.events.some(({ type }) => type === 'succeeded');
      if (kind === 'effect-done' && is_over && !is_applied)
        yield { code: 'UNAUDITED', about, why: 'took effect, and that is not on record' };
    }
    for (const [about, own] of audits)
      if (own.some(({ state }) => state === 'applied') && !done.has(about))
        yield { code: 'INV16', about, why: 'on record as applied, and never done' };
  },

  /** INV17: one answer a request, or the link closes; a notification none; ids come back as they went. */
  *frames({ links }) {
    for (const [link, frames] of links) {
      const asked = count(frames.filter(({ kind }) => kind === 'request'));
      const answered = count(frames.filter(({ kind }) => kind === 'response'));
      const is_closed = frames.some(({ kind }) => kind === 'closed');
      for (const [id, times] of answered)
        if (times > (asked.get(id) ?? 0)) yield { code: 'INV17', about: link, why: `${times} answers to ${id}` };
      for (const [id, times] of asked)
        if (!is_closed && times > (answered.get(id) ?? 0)) yield { code: 'INV17', about: link, why: `${id} has none` };
    }
  },
};

/** A task as the journal tells it. */
interface Told {
  task_id: string;
  events: JournalEvent[];
  accepted: { params: unknown; mode?: string; parent_id?: string; key?: { scope: string } };
  deadline_ms: number;
}

interface History {
  tasks: Map<string, Told>;
  /** The task of a wish; undefined when it is not in the journal. */
  taskOf: (call: string) => Told | undefined;
  invokes: ClientEvent[];
  accepted: ClientEvent[];
  refusals: ClientEvent[];
  /** Wishes that were accepted, or may have been. */
  hopeful: Set<string | undefined>;
  ends: ClientEvent[];
  cancels: Map<string | undefined, ClientEvent>;
  executions: AgentEvent[];
  /** Ends of runs, and of processes. */
  stops: AgentEvent[];
  effects: AgentEvent[];
  approvals: ApprovalEvent[];
  /** Records of actions, by the effect. */
  audits: Map<string, AuditEvent[]>;
  canaries: { tenant: string; text: string }[];
  seen: { tenant: string; text: string }[];
  links: Map<string, FrameEvent[]>;
}

function index(events: readonly HistoryEvent[]): History {
  const of = <Who extends HistoryEvent['who']>(who: Who) =>
    events.filter((event): event is Extract<HistoryEvent, { who: Who }> => event.who === who);
  const client = of('client');
  const agent = of('agent');
  const ofKind = (op: ClientEvent['op'], ...kinds: ClientEvent['kind'][]) =>
    client.filter((event) => event.op === op && kinds.includes(event.kind));
  const rows = group(of('journal'), ({ task_id }) => task_id);
  const tasks = new Map([...rows].map(([task_id, own]) => [task_id, tell(task_id, own)]));
  const by_call = new Map([...tasks.values()].map((task) => [callIn(task.accepted.params), task]));
  return {
    tasks,
    taskOf: (call) => by_call.get(call),
    invokes: ofKind('handoff', 'invoke'),
    accepted: ofKind('handoff', 'ok'),
    refusals: ofKind('handoff', 'fail'),
    hopeful: new Set(ofKind('handoff', 'ok', 'info').map(({ call }) => call)),
    ends: ofKind('end', 'ok'),
    cancels: new Map(ofKind('cancel', 'ok').map((cancel) => [cancel.task_id, cancel])),
    executions: agent.filter(({ kind }) => kind === 'exec-start').sort((left, right) => left.ns - right.ns),
    stops: agent.filter(({ kind }) => kind === 'exec-end' || kind === 'gone'),
    effects: agent.filter(({ kind }) => kind.startsWith('effect-')),
    approvals: of('approval'),
    audits: group(of('audit'), ({ effect_key }) => effect_key),
    canaries: of('tenant').filter(({ kind }) => kind === 'canary'),
    seen: of('tenant').filter(({ kind }) => kind === 'seen'),
    links: group(of('link'), ({ link }) => link),
  };
}

function tell(task_id: string, own: JournalEvent[]): Told {
  const events = [...own].sort((left, right) => left.seq - right.seq);
  const first = events.find(({ type }) => type === 'accepted');
  const accepted: Record<string, unknown> = first ? payloadOf(first) : {};
  const { params, mode, parent_id, key, deadline } = accepted;
  return {
    task_id,
    events,
    accepted: {
      params,
      ...(typeof mode === 'string' && { mode }),
      ...(typeof parent_id === 'string' && { parent_id }),
      ...(isRecord(key) && typeof key['scope'] === 'string' && { key: { scope: key['scope'] } }),
    },
    deadline_ms: typeof deadline === 'string' ? Date.parse(deadline) : Infinity,
  };
}

/** Whoever holds the lease answers with its own run, or with one that an earlier life of the same agent did and kept in its inbox. */
function mayAnswerUnder(lease: JournalEvent, instance_id: string, events: readonly JournalEvent[]): boolean {
  return events.some(
    (other) =>
      other.type === 'leased' &&
      (other.fence ?? 0) <= (lease.fence ?? 0) &&
      instanceIn(other) === instance_id &&
      agentIn(other) === agentIn(lease),
  );
}

/** Which lease a run belongs to: the newest that its instance held when it began; 0 when that is not known. */
function fenceOf(run: AgentEvent, { events }: Told): number {
  const held = events.filter(
    (event) => event.type === 'leased' && instanceIn(event) === run.instance_id && !isBefore(run, event),
  );
  return held.at(-1)?.fence ?? 0;
}

/** Whether something happened before a row was written: by the clock that never jumps where the row knows it, else by the wall. */
const isBefore = ({ ns, at_ms }: { ns: number; at_ms: number }, row: Pick<JournalEvent, 'ns' | 'at'>): boolean =>
  row.ns === undefined ? at_ms < Date.parse(row.at) : ns < row.ns;

/** When a run was over: it said so, or its process died; never, as far as anybody knows. */
const endOf = (run: AgentEvent, stops: readonly AgentEvent[]): number =>
  Math.min(
    ...stops
      .filter(({ kind, exec, pid, ns }) => (kind === 'gone' ? pid === run.pid && ns > run.ns : exec === run.exec))
      .map(({ ns }) => ns),
    Infinity,
  );

/** The chain, by its definition: JSON of the row, hashed with the hash before it. */
function breakOf(before: { seq: number; hash: string }, event: JournalEvent): string | undefined {
  const { task_id, seq, type, fence, at, payload, payload_hash, prev_hash, hash } = event;
  if (seq !== before.seq + 1) return `${before.seq + 1} is missing`;
  if (prev_hash !== before.hash) return 'it does not follow the row before it';
  if (payload_hash !== sha256(payload)) return 'its payload was changed';
  const own = sha256(JSON.stringify([task_id, seq, type, fence, at, payload_hash, prev_hash]));
  return hash === own ? undefined : 'it was changed';
}

/** What a wish is known by, whoever wrote its keys in whatever order. */
export const digestOf = (params: unknown): string =>
  sha256(JSON.stringify(params, (_key, value: unknown) => (isRecord(value) ? sorted(value) : value)) ?? '');

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function group<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item) ?? '';
    const known = groups.get(key);
    if (known) known.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const count = (frames: readonly FrameEvent[]): Map<string, number> =>
  new Map([...group(frames, ({ id }) => id)].map(([id, own]) => [id, own.length]));

const isEnd = ({ type }: JournalEvent): boolean => type in STATES;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const sorted = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));

function payloadOf({ payload }: JournalEvent): Record<string, unknown> {
  const value: unknown = JSON.parse(payload);
  return isRecord(value) ? value : {};
}

const textIn = (value: unknown, name: string): string | undefined => {
  const text = isRecord(value) ? value[name] : undefined;
  return typeof text === 'string' ? text : undefined;
};
const callIn = (params: unknown): string => textIn(params, 'call') ?? '';
const instanceIn = (event: JournalEvent): string | undefined => textIn(payloadOf(event), 'instance_id');
const agentIn = (event: JournalEvent): string | undefined => textIn(payloadOf(event), 'agent_id');
/** The agent doubles name their run in its result. */
const execIn = (event: JournalEvent): string | undefined => textIn(payloadOf(event)['result'], 'exec');

const GENESIS = '0'.repeat(64);
const ATTEMPTS_MAX = 5;
/** How much later than its deadline an attempt may start, ms (INV9). */
const LATE_MS = 100;
const NOTES = new Set(['late_result', 'audit']);
const LOAD_CODES = new Set([4290, 5030]);
/** Ends, and what a caller sees then. */
const STATES: Readonly<Record<string, string>> = {
  succeeded: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'failed',
  denied: 'rejected',
  dead_lettered: 'failed',
  unknown_effect: 'failed',
};
