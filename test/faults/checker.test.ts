/** The checker itself: silent about a good history, and each planted fault is named, that one and nothing else. */
import { mkdtempSync, appendFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { check, digestOf, sha256, type Code } from './checker.ts';
import { historyFile, readHistory, type HistoryEvent } from './history.ts';

test('a good history breaks no promise', () => {
  expect(check(good())).toEqual([]);
});

test('what an agent did in an earlier life, and kept, may be answered under a newer lease', () => {
  const kept = journal(good(), 'task-read', (rows) => answeredBy('x1', rows, () => 'agent-a'));
  expect(check(kept)).toEqual([]);
});

const mutants: [string, Code, (events: HistoryEvent[]) => HistoryEvent[]][] = [
  ['an accepted task that never ends', 'LOST', (events) => journal(events, 'task-act', (rows) => rows.slice(0, -1))],
  [
    'an accepted task that is not in the journal',
    'LOST',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9' }),
      client({ kind: 'ok', id: 'i9', call: 'wish-9', task_id: 'task-9' }),
    ],
  ],
  ['a task that nobody asked for', 'PHANTOM', (events) => [...events, ...ended('task-9', 'wish-9')]],
  [
    'a task whose params are not those asked for',
    'PHANTOM',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9', digest: digestOf({ call: 'wish-9', other: 1 }) }),
      ...ended('task-9', 'wish-9'),
    ],
  ],
  ['a run of what was never journaled', 'PHANTOM', (events) => [...events, run('exec-start', 'x9', 'wish-9', 900)]],
  [
    'a lease after the end',
    'INV4',
    (events) => journal(events, 'task-read', (rows) => [...rows, { type: 'queued', fence: null, payload: {} }]),
  ],
  [
    'an end that a caller saw and the journal denies',
    'INV4',
    (events) => change(events, (event) => event.who === 'client' && event.op === 'end', { state: 'failed' }),
  ],
  [
    'two tasks of one idempotency key',
    'INV5',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9', digest: digestOf({ call: 'wish-9' }), key: 'key-1' }),
      client({ kind: 'ok', id: 'i9', call: 'wish-9', task_id: 'task-9', key: 'key-1' }),
      ...ended('task-9', 'wish-9'),
    ],
  ],
  [
    'two tasks that were journaled under one key',
    'INV5',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9', digest: digestOf({ call: 'wish-9' }) }),
      ...ended('task-9', 'wish-9', 'scope-1'),
    ],
  ],
  [
    'an effect that was applied twice',
    'DUP_EFFECT',
    (events) => [...events, effect('effect-done', 'wish-act', 'key-other', 450)],
  ],
  [
    'a success that changed nothing',
    'DUP_EFFECT',
    (events) =>
      events
        .filter((event) => !(event.who === 'agent' && event.kind === 'effect-done'))
        .filter((event) => !(event.who === 'audit' && event.state === 'applied')),
  ],
  [
    'a wish that may run once and ran twice',
    'DUP_EFFECT',
    (events) => [
      ...change(events, (event) => event.who === 'agent' && event.call === 'wish-read', { effect: 'non_idempotent' }),
      effect('effect-done', 'wish-read', 'key-other', 320),
    ],
  ],
  [
    'a result of an old lease',
    'STALE',
    (events) =>
      journal(events, 'task-read', (rows) =>
        rows.map((row) => (row.type === 'succeeded' ? { ...row, fence: 1 } : row)),
      ),
  ],
  [
    'a fence that did not grow',
    'STALE',
    (events) =>
      journal(events, 'task-read', (rows) => rows.map((row) => (row.fence === 2 ? { ...row, fence: 1 } : row))).filter(
        (event) => !(event.who === 'agent' && event.exec === 'x1'),
      ),
  ],
  [
    'a result of an instance that held no lease',
    'STALE',
    (events) => change(events, (event) => event.who === 'agent' && event.exec === 'x2', { instance_id: 'inst-c' }),
  ],
  [
    'a result of another agent, whose lease was over',
    'STALE',
    (events) => journal(events, 'task-read', (rows) => answeredBy('x1', rows, (fence) => `agent-${fence}`)),
  ],
  [
    'two runs at once under one lease',
    'INV8',
    (events) => [...events, { ...run('exec-start', 'x9', 'wish-read', 310), pid: 2, instance_id: 'inst-b' }],
  ],
  [
    'a lease after the deadline',
    'INV9',
    (events) =>
      journal(events, 'task-read', (rows) =>
        rows.map((row) => (row.fence === 2 ? { ...row, at_ms: 60_200 } : row)),
      ).map((event) => (event.who === 'agent' && event.exec === 'x2' ? { ...event, at_ms: 60_000 } : event)),
  ],
  [
    'a lease after the cancel was acknowledged',
    'INV9',
    (events) => [...events, client({ op: 'cancel', kind: 'ok', id: 'i8', task_id: 'task-read', ns: 306, at_ms: 250 })],
  ],
  [
    'a run that began after its deadline',
    'LATE',
    (events) => change(events, (event) => event.who === 'agent' && event.exec === 'x2', { at_ms: 60_101 }),
  ],
  [
    'a run that began after the cancel was acknowledged',
    'LATE',
    (events) => [...events, client({ op: 'cancel', kind: 'ok', id: 'i8', task_id: 'task-read', ns: 250, at_ms: 400 })],
  ],
  ['a sixth attempt', 'INV10', (events) => journal(events, 'task-dead', (rows) => [...leases(6), ...rows.slice(-1)])],
  [
    'a dead letter that keeps a cause to itself',
    'INV10',
    (events) =>
      journal(events, 'task-dead', (rows) => rows.filter(({ type, fence }) => !(type === 'released' && fence === 2))),
  ],
  [
    'a dead letter that says nothing',
    'INV10',
    (events) =>
      journal(events, 'task-dead', (rows) =>
        rows.map((row) => (row.type === 'dead_lettered' ? { ...row, payload: {} } : row)),
      ),
  ],
  [
    'a refusal that names no time',
    'INV12',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9' }),
      client({ kind: 'fail', id: 'i9', call: 'wish-9', code: 4290 }),
    ],
  ],
  [
    'a refusal that was journaled all the same',
    'INV12',
    (events) => [
      ...events,
      client({ kind: 'invoke', id: 'i9', call: 'wish-9', digest: digestOf({ call: 'wish-9' }) }),
      client({ kind: 'fail', id: 'i9', call: 'wish-9', code: 5030, retry_after_ms: 1 }),
      ...ended('task-9', 'wish-9'),
    ],
  ],
  [
    'an effect before it was granted',
    'EARLY',
    (events) => change(events, (event) => event.who === 'approval' && event.kind === 'granted', { ns: 405 }),
  ],
  ['an effect that nobody granted', 'INV13', (events) => events.filter(({ who }) => who !== 'approval')],
  [
    'an approval that had expired',
    'INV13',
    (events) => change(events, (event) => event.who === 'approval' && event.kind === 'requested', { expires_ms: 300 }),
  ],
  [
    'an approval of something else',
    'INV13',
    (events) =>
      change(events, (event) => event.who === 'approval' && event.kind === 'requested', { action_hash: 'other' }),
  ],
  [
    'an approval by whoever asked',
    'INV13',
    (events) =>
      change(events, (event) => event.who === 'approval' && event.kind === 'granted', { by: ['another', 'asker'] }),
  ],
  [
    'an approval by fewer than it takes',
    'INV13',
    (events) => change(events, (event) => event.who === 'approval' && event.kind === 'requested', { needed: 2 }),
  ],
  [
    'an approval that was used for two effects',
    'INV13',
    (events) => [...events, { ...approval('used', 460, 'agent-a'), effect_key: 'key-other' }],
  ],
  [
    'an effect in dry_run',
    'INV14',
    (events) =>
      journal(events, 'task-act', (rows) =>
        rows.map((row) => (row.type === 'accepted' ? { ...row, payload: { ...row.payload, mode: 'dry_run' } } : row)),
      ),
  ],
  [
    'a canary in the hands of another tenant',
    'LEAK',
    (events) => [...events, { who: 'tenant', kind: 'seen', tenant: 'tenant-b', text: 'error: no such case CANARY-A' }],
  ],
  ['an effect that is nowhere on record', 'UNAUDITED', (events) => events.filter(({ who }) => who !== 'audit')],
  [
    'an effect that went on record after it was',
    'UNAUDITED',
    (events) =>
      change(events, (event) => event.who === 'audit' && event.state === 'intended', { at: iso(401), ns: 401 }),
  ],
  [
    'an effect of a task that succeeded, and no record that it was',
    'UNAUDITED',
    (events) => events.filter((event) => !(event.who === 'audit' && event.state === 'applied')),
  ],
  [
    'a record of an effect that never was',
    'INV16',
    (events) => [...events, { ...record('applied', 460), effect_key: 'key-never' }],
  ],
  [
    'a row that was changed',
    'INV16',
    (events) =>
      change(events, (event) => event.who === 'journal' && event.type === 'released' && event.task_id === 'task-read', {
        at: '1970-01-01T00:00:00.001Z',
      }),
  ],
  [
    'a payload that was changed',
    'INV16',
    (events) =>
      change(events, (event) => event.who === 'journal' && event.type === 'released' && event.task_id === 'task-read', {
        payload: '{"outcome":"nothing to see"}',
      }),
  ],
  [
    'a row that is gone',
    'INV16',
    (events) =>
      events.filter((event) => !(event.who === 'journal' && event.task_id === 'task-read' && event.seq === 4)),
  ],
  [
    'a request that is never answered',
    'INV17',
    (events) => [...events, { who: 'link', kind: 'request', link: 'link-1', id: '9' }],
  ],
  ['a second answer', 'INV17', (events) => [...events, { who: 'link', kind: 'response', link: 'link-1', id: '1' }]],
  [
    'an id that comes back as text',
    'INV17',
    (events) => change(events, (event) => event.who === 'link' && event.kind === 'response', { id: '"1"' }),
  ],
];

test.each(mutants)('%s is %s, and nothing else', (_name, code, plant) => {
  expect([...new Set(check(plant(good())).map((violation) => violation.code))]).toEqual([code]);
});

test('each rule has a mutant', () => {
  const planted = new Set(mutants.map(([, code]) => code));
  expect([...planted].sort()).toEqual(CODES);
});

test('a history survives its file, but for a line that a crash cut short', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-history-'));
  try {
    const path = join(folder, 'client.jsonl');
    const file = historyFile(path);
    for (const event of good()) file.write(event);
    file.close();
    appendFileSync(path, '{"who":"cli');
    expect(readHistory(path)).toEqual(good());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Three tasks: one that reads and is redone after a lost link, one that acts with an approval, one that dies five times. */
function good(): HistoryEvent[] {
  return [
    client({ kind: 'invoke', id: 'i1', call: 'wish-read', digest: digestOf({ call: 'wish-read' }), key: 'key-1' }),
    client({ kind: 'info', id: 'i1', call: 'wish-read', key: 'key-1' }),
    client({ kind: 'invoke', id: 'i2', call: 'wish-read', digest: digestOf({ call: 'wish-read' }), key: 'key-1' }),
    client({ kind: 'ok', id: 'i2', call: 'wish-read', task_id: 'task-read', key: 'key-1' }),
    client({ kind: 'invoke', id: 'i3', call: 'wish-act', digest: digestOf({ call: 'wish-act' }) }),
    client({ kind: 'ok', id: 'i3', call: 'wish-act', task_id: 'task-act' }),
    client({ kind: 'invoke', id: 'i4', call: 'wish-dead', digest: digestOf({ call: 'wish-dead' }) }),
    client({ kind: 'ok', id: 'i4', call: 'wish-dead', task_id: 'task-dead' }),
    client({ kind: 'invoke', id: 'i5', call: 'wish-refused', digest: digestOf({ call: 'wish-refused' }) }),
    client({ kind: 'fail', id: 'i5', call: 'wish-refused', code: 4290, retry_after_ms: 1_000 }),
    client({ op: 'end', kind: 'ok', id: 'i6', task_id: 'task-read', state: 'completed' }),

    ...chained('task-read', [
      {
        type: 'accepted',
        payload: { params: { call: 'wish-read' }, mode: 'monitor', deadline, key: { scope: 'scope-1' } },
      },
      { type: 'queued' },
      { type: 'leased', fence: 1, payload: { instance_id: 'inst-a' }, at_ms: 200 },
      { type: 'released', fence: 1, payload: { outcome: 'link_lost' } },
      { type: 'leased', fence: 2, payload: { instance_id: 'inst-b' }, at_ms: 300 },
      { type: 'succeeded', fence: 2, payload: { result: { exec: 'x2' } } },
      { type: 'late_result', fence: 1, payload: { result: { exec: 'x1' } } },
    ]),
    { ...run('exec-start', 'x1', 'wish-read', 210), pid: 1, instance_id: 'inst-a' },
    { ...run('exec-start', 'x2', 'wish-read', 305), pid: 2, instance_id: 'inst-b' },
    { ...run('exec-end', 'x2', 'wish-read', 330), pid: 2, instance_id: 'inst-b' },
    { who: 'agent', kind: 'gone', ns: 340, at_ms: 340, agent_id: 'agent-a', pid: 1 },

    ...chained('task-act', [
      { type: 'accepted', payload: { params: { call: 'wish-act' }, mode: 'active', deadline } },
      { type: 'queued' },
      { type: 'leased', fence: 1, payload: { instance_id: 'inst-b' }, at_ms: 300 },
      { type: 'succeeded', fence: 1, payload: { result: { exec: 'x3' } } },
    ]),
    approval('requested', 310, 'asker'),
    approval('granted', 350, 'somebody-else'),
    approval('used', 390, 'agent-b'),
    { ...run('exec-start', 'x3', 'wish-act', 305), pid: 2, instance_id: 'inst-b', effect: 'idempotent' },
    effect('effect-start', 'wish-act', 'key-act', 400),
    effect('effect-done', 'wish-act', 'key-act', 410),
    { ...run('exec-end', 'x3', 'wish-act', 420), pid: 2, instance_id: 'inst-b' },
    record('intended', 395),
    record('applied', 415),

    ...chained('task-dead', [
      ...leases(5),
      { type: 'dead_lettered', payload: { error: { code: 5000, message: 'five agents died of it' } } },
    ]),

    { who: 'tenant', kind: 'canary', tenant: 'tenant-a', text: 'CANARY-A' },
    { who: 'tenant', kind: 'seen', tenant: 'tenant-a', text: 'case CANARY-A' },
    { who: 'link', kind: 'request', link: 'link-1', id: '1' },
    { who: 'link', kind: 'notification', link: 'link-1' },
    { who: 'link', kind: 'response', link: 'link-1', id: '1' },
    { who: 'link', kind: 'request', link: 'link-2', id: '1' },
    { who: 'link', kind: 'closed', link: 'link-2' },
  ];
}

interface Row {
  type: string;
  fence?: number | null;
  payload?: Record<string, unknown>;
  at_ms?: number;
}

/** Rows as the store would chain them. */
function chained(task_id: string, rows: readonly Row[]): HistoryEvent[] {
  let prev_hash = '0'.repeat(64);
  return rows.map(({ type, fence = null, payload = {}, at_ms = 100 }, place) => {
    const text = JSON.stringify(payload);
    const event = {
      task_id,
      seq: place + 1,
      type,
      fence,
      at: new Date(at_ms).toISOString(),
      payload_hash: sha256(text),
    };
    const { seq, at, payload_hash } = event;
    const hash = sha256(JSON.stringify([task_id, seq, type, fence, at, payload_hash, prev_hash]));
    const row = { ...event, who: 'journal' as const, position: place, payload: text, prev_hash, hash };
    prev_hash = hash;
    return row;
  });
}

/** A task that nobody leased and that was ended. */
const ended = (task_id: string, call: string, scope?: string): HistoryEvent[] =>
  chained(task_id, [
    { type: 'accepted', payload: { params: { call }, mode: 'monitor', deadline, ...(scope && { key: { scope } }) } },
    { type: 'failed', payload: { error: {} } },
  ]);

/** Acceptance, and so many leases, all but the last given up. */
const leases = (times: number): Row[] => [
  { type: 'accepted', payload: { params: { call: 'wish-dead' }, mode: 'monitor', deadline } },
  ...Array.from({ length: times }, (_, place): Row[] => [
    { type: 'leased', fence: place + 1, payload: { instance_id: 'inst-a' } },
    ...(place + 1 < times ? [{ type: 'released', fence: place + 1, payload: { outcome: 'link_lost' } }] : []),
  ]).flat(),
];

/** The journal of one task rewritten, and chained again: the fault is in what it says, not in the chain. */
function journal(events: HistoryEvent[], task_id: string, rewrite: (rows: Row[]) => Row[]): HistoryEvent[] {
  const own = events.flatMap((event): Row[] =>
    event.who === 'journal' && event.task_id === task_id
      ? [{ ...event, payload: JSON.parse(event.payload) as Record<string, unknown>, at_ms: Date.parse(event.at) }]
      : [],
  );
  const others = events.filter((event) => !(event.who === 'journal' && event.task_id === task_id));
  return [...others, ...chained(task_id, rewrite(own))];
}

/** The same rows with another run's result, and an agent for each lease. */
const answeredBy = (exec: string, rows: Row[], agentOf: (fence: number) => string): Row[] =>
  rows.map((row) => {
    if (row.type === 'leased') return { ...row, payload: { ...row.payload, agent_id: agentOf(row.fence ?? 0) } };
    return row.type === 'succeeded' ? { ...row, payload: { result: { exec } } } : row;
  });

function change(
  events: HistoryEvent[],
  which: (event: HistoryEvent) => boolean,
  by: Record<string, unknown>,
): HistoryEvent[] {
  expect(events.some(which)).toBe(true);
  return events.map((event) => (which(event) ? Object.assign({}, event, by) : event));
}

function client(
  about: Partial<Extract<HistoryEvent, { who: 'client' }>> & { kind: 'invoke' | 'ok' | 'fail' | 'info'; id: string },
): HistoryEvent {
  return { who: 'client', op: 'handoff', ns: 1, at_ms: 1, tenant: 'default', ...about };
}

function run(kind: 'exec-start' | 'exec-end', exec: string, call: string, ns: number) {
  return {
    who: 'agent' as const,
    kind,
    ns,
    at_ms: ns,
    agent_id: 'agent-b',
    pid: 2,
    exec,
    call,
    effect: 'read' as const,
  };
}

function effect(kind: 'effect-start' | 'effect-done', call: string, effect_key: string, ns: number): HistoryEvent {
  const about = { agent_id: 'agent-b', pid: 2, exec: 'x3', call, effect_key, action_hash: 'hash' };
  return { who: 'agent', kind, ns, at_ms: ns, ...about, dangerous: effect_key === 'key-act' };
}

function approval(kind: 'requested' | 'granted' | 'used', ns: number, by: string): HistoryEvent {
  const about = { approval_id: 'approval-1', action_hash: 'hash', by: [by], expires_ms: 1_000 };
  return { who: 'approval', kind, ns, at_ms: ns, ...about, ...(kind === 'used' && { effect_key: 'key-act' }) };
}

function record(state: 'intended' | 'applied', ns: number) {
  return { who: 'audit' as const, task_id: 'task-act', effect_key: 'key-act', state, at: iso(ns), ns };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const deadline = new Date(60_000).toISOString();
const CODES = [
  ...['DUP_EFFECT', 'EARLY'],
  ...['INV10', 'INV12', 'INV13', 'INV14', 'INV16', 'INV17', 'INV4', 'INV5', 'INV8', 'INV9'],
  ...['LATE', 'LEAK', 'LOST', 'PHANTOM', 'STALE', 'UNAUDITED'],
];
