/** Handed-off work outlives its link: who asks again joins it, or is answered what is kept (PROM-P4, PROM-P12). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sayHello, type Peer } from '../../mesh/index.ts';
import { AuroraError, type ProgressEvent } from '../../protocol/index.ts';
import { manualClock, memoryInbox, type Inbox } from '../../seams/index.ts';
import { openInbox } from '../../store/index.ts';
import { doorstep, routingTo, type Doorstep, type Run } from './doorstep.ts';
import { still } from './raw-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-inbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const handed = (door: Doorstep, about: Record<string, unknown> = {}) => ({
  text: 'x',
  _meta: { handoff: routingTo(door.clock, about) },
});
const secondOrchestrator = (door: Doorstep) => door.enter({ ...door.orchestrator, instance_id: 'orchestrator-2' });

/** Work that ends when the test says so, and tells what it was told. */
function slow() {
  const begun: { finish: (text: string) => void; progress: Parameters<Run>[1]['progress'] }[] = [];
  const stopped: unknown[] = [];
  const run: Run = (_text, { signal, progress }) =>
    new Promise((resolve, reject) => {
      begun.push({ finish: resolve, progress });
      signal.addEventListener('abort', () => {
        stopped.push(signal.reason);
        reject(new Error('stopped'));
      });
    });
  return { run, begun, stopped };
}
/** Asks, and lets it begin; what is asked stands in an object, since a promise that is returned would be waited for. */
const begin = async (peer: Peer, door: Doorstep, about: Record<string, unknown> = {}) => {
  const asked = peer.request('write_text', handed(door, about));
  asked.catch(() => undefined);
  await still();
  return { asked };
};

describe('a redelivery', () => {
  test('with a higher fence is answered from the inbox, and the skill has run once (PROM-P4)', async () => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const peer = await door.enter(door.orchestrator);
    for (const fence of [1, 2, 9]) {
      for (const skill of ['write_text', 'read_text']) {
        const task_id = `task_${skill}`;
        const answer = await peer.request(skill, handed(door, { task_id, fence, attempt: fence }));
        expect(answer).toEqual({ text: skill === 'write_text' ? '1' : '2' });
      }
    }
    expect(runs).toBe(2);
  });

  test('is answered by another process of the agent after a crash, when the skill has an effect (PROM-P4, FLT-X8)', async () => {
    const file = join(folder, 'crash.db');
    let runs = 0;
    const start = (inbox: Inbox) => doorstep({ run: () => String(++runs), host: { inbox } });
    const before = openInbox({ file, clock: manualClock() });
    const first = start(before);
    await (await first.enter(first.orchestrator)).request('write_text', handed(first));
    before.close();

    const after = openInbox({ file, clock: manualClock() });
    const second = start(after);
    const peer = await second.enter(second.orchestrator);
    for (const fence of [1, 2]) {
      expect(await peer.request('write_text', handed(second, { fence }))).toEqual({ text: '1' });
    }
    await expect(peer.request('write_text', handed(second, { fence: 0 }))).rejects.toMatchObject({ code: 4090 });
    await expect(peer.request('write_text', { ...handed(second), text: 'y' })).rejects.toMatchObject({ code: 4090 });
    expect(runs).toBe(1);
    after.close();
  });

  test('of an error is that error for the same fence, and another try for a higher one', async () => {
    let runs = 0;
    const run: Run = () => {
      if (++runs === 1) throw new AuroraError(5030, { message: 'not now', retry_after_ms: 7 });
      return 'done';
    };
    const door = doorstep({ run });
    const peer = await door.enter(door.orchestrator);
    const refused = { code: 5030, message: 'not now', retry_after_ms: 7 };
    await expect(peer.request('write_text', handed(door))).rejects.toMatchObject(refused);
    await expect(peer.request('write_text', handed(door))).rejects.toMatchObject(refused);
    expect(await peer.request('write_text', handed(door, { fence: 2 }))).toEqual({ text: 'done' });
    expect(runs).toBe(2);
  });

  test('finds the outcome before its first answer has left: it is kept first (PROM-P4)', async () => {
    const order: string[] = [];
    const kept = memoryInbox(manualClock());
    const keep: Inbox['keep'] = (entry) => {
      order.push('kept');
      kept.keep(entry);
    };
    const inbox: Inbox = { ...kept, keep };
    const door = doorstep({ host: { inbox } });
    const peer = await door.enter(door.orchestrator);
    await peer.request('write_text', handed(door)).then(() => order.push('answered'));
    expect(order).toEqual(['kept', 'answered']);
  });

  test('an inbox that cannot be read lets nothing run; one that cannot keep costs no answer', async () => {
    let runs = 0;
    const fail = () => {
      throw new Error('disk');
    };
    const door = doorstep({
      run: () => String(++runs),
      host: { inbox: { ...memoryInbox(manualClock()), find: fail } },
    });
    const peer = await door.enter(door.orchestrator);
    await expect(peer.request('write_text', handed(door))).rejects.toMatchObject({ code: 5030 });
    expect(runs).toBe(0);

    const full = doorstep({ host: { inbox: { ...memoryInbox(manualClock()), keep: fail } } });
    const other = await full.enter(full.orchestrator);
    expect(await other.request('write_text', handed(full))).toEqual({ text: 'x' });
    expect(full.metrics.of('inbox_faults_total')).toBe(1);
  });
});

describe('a link that is lost', () => {
  test.each([
    ['the same fence joins: re-adoption', { fence: 1 }],
    ['a higher fence joins: redelivery', { fence: 2, attempt: 2 }],
  ])('does not stop the work, and %s (PROM-P12, FLT-X3)', async (_name, about) => {
    const { run, begun, stopped } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    const { asked: lost } = await begin(first, door);
    begun[0]!.progress.status('told before');
    first.link.cut();
    await expect(lost).rejects.toMatchObject({ code: 5030 });
    begun[0]!.progress.status('told to nobody');
    door.clock.advance(14_999);

    const second = await secondOrchestrator(door);
    const events: ProgressEvent[] = [];
    const again = second.request('write_text', handed(door, about), { onProgress: (event) => events.push(event) });
    await still();
    begun[0]!.progress.status('told after');
    door.clock.advance(20_000); // somebody came back
    begun[0]!.finish('done');
    expect(await again).toEqual({ text: 'done' });
    expect(events.map(({ seq, value }) => [seq, value])).toEqual([
      [1, { text: 'told before' }],
      [2, { text: 'told to nobody' }],
      [3, { text: 'told after' }],
    ]);
    expect([begun.length, stopped]).toEqual([1, []]);
  });

  test('a hello lists what runs, and what was answered to a link that is gone (PROM-P12, FLT-X4)', async () => {
    const { run, begun } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    for (const task_id of ['task_done', 'task_lost', 'task_running']) await begin(first, door, { task_id });
    begun[0]!.finish('done');
    await still();
    first.link.cut();
    await still();
    begun[1]!.finish('lost');
    await still();

    const second = door.knock({ ...door.orchestrator, instance_id: 'orchestrator-2' });
    const { in_flight } = await sayHello(second, door.handshake(door.orchestrator), 5_000);
    expect(in_flight).toEqual(['task_running', 'task_lost', 'task_done']);
    await still();
    expect(await second.request('write_text', handed(door, { task_id: 'task_lost' }))).toEqual({ text: 'lost' });
    const third = door.knock({ ...door.orchestrator, instance_id: 'orchestrator-3' });
    const listed = await sayHello(third, door.handshake(door.orchestrator), 5_000);
    expect(listed.in_flight).toEqual(['task_running', 'task_done']); // what was lost has arrived on a link that stands
  });

  test('what was told on the way is told again with a kept answer: it may have gone down with the link (wire.md 6)', async () => {
    const { run, begun } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    await begin(first, door);
    const changing = { text: 'as it was' };
    begun[0]!.progress.artifact('half', changing);
    changing.text = 'changed since';
    begun[0]!.finish('done');
    first.link.cut();
    const second = await secondOrchestrator(door);
    const events: ProgressEvent[] = [];
    await second.request('write_text', handed(door), { onProgress: (event) => events.push(event) });
    expect(events).toMatchObject([{ seq: 1, kind: 'artifact', value: { name: 'half', value: { text: 'as it was' } } }]);
  });

  test('of what was told only so much is kept; the numbers show what is not', async () => {
    const { run, begun } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    await begin(first, door);
    for (let nth = 1; nth <= 300; nth++) begun[0]!.progress.status(String(nth));
    const seqs: number[] = [];
    const second = await secondOrchestrator(door);
    const again = second.request('write_text', handed(door), { onProgress: ({ seq }) => seqs.push(seq) });
    await still();
    begun[0]!.progress.status('x'.repeat(65_536));
    begun[0]!.finish('done');
    await again;
    expect([seqs.length, seqs[0], seqs.at(-1)]).toEqual([257, 45, 301]);
    const late: number[] = [];
    await second.request('write_text', handed(door), { onProgress: ({ seq }) => late.push(seq) });
    expect(late).toEqual([]);
  });

  test('after a restart a hello lists what is kept: its answers may never have arrived', async () => {
    const inbox = memoryInbox(manualClock());
    const first = doorstep({ host: { inbox } });
    await (await first.enter(first.orchestrator)).request('write_text', handed(first));
    const second = doorstep({ host: { inbox } });
    const peer = second.knock(second.orchestrator);
    expect((await sayHello(peer, second.handshake(second.orchestrator), 5_000)).in_flight).toEqual(['task_1']);
  });

  test('a hello lists no more than its schema takes', async () => {
    const host = {
      queue_max: 2_000,
      limits: { in_flight_max: 2_000, in_flight_bytes_max: 8_388_608 },
      quota: { frames_per_s: 10_000, burst_frames: 10_000 },
    };
    const door = doorstep({ run: () => new Promise(() => undefined), concurrency: 1, host });
    const first = await door.enter(door.orchestrator);
    for (let nth = 0; nth < 1_100; nth++) {
      first.request('read_text', handed(door, { task_id: `task_${nth}` })).catch(() => undefined);
    }
    await still();
    const second = door.knock({ ...door.orchestrator, instance_id: 'orchestrator-2' });
    const { in_flight } = await sayHello(second, door.handshake(door.orchestrator), 5_000);
    expect(in_flight).toHaveLength(1_024);
  });

  test('stops it when nobody comes back for 15 s: 4990, and nothing is kept of it (PROM-P12)', async () => {
    const { run, begun, stopped } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    await begin(first, door);
    first.link.cut();
    await still();
    door.clock.advance(14_999);
    expect(stopped).toEqual([]);
    door.clock.advance(1);
    await still();
    expect(stopped).toMatchObject([{ code: 4990, message: 'Nobody came back for this task' }]);

    const second = await secondOrchestrator(door);
    await expect((await begin(second, door)).asked).rejects.toMatchObject({ code: 4090 });
    const retried = await begin(second, door, { fence: 2 });
    begun[1]!.finish('again');
    expect(await retried.asked).toEqual({ text: 'again' });
  });

  test('leaves the work its own deadline', async () => {
    const { run, stopped } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    await begin(first, door, { budget_ms: 5_000 });
    first.link.cut();
    await still();
    door.clock.advance(5_000);
    expect(stopped).toMatchObject([{ code: 5040 }]);
  });

  test('stops the call of an operator: nobody could come back for it', async () => {
    const { run, stopped } = slow();
    const door = doorstep({ run });
    const peer = await door.enter(door.operator);
    await begin(peer, door);
    peer.link.cut();
    await still();
    expect(stopped).toMatchObject([{ code: 4990 }]);
  });

  test('is no cancel, and $/cancel of whoever asks now still is; that of whoever asked before is none', async () => {
    const { run, stopped } = slow();
    const door = doorstep({ run });
    const first = await door.enter(door.orchestrator);
    const earlier = new AbortController();
    first.request('write_text', handed(door), { signal: earlier.signal }).catch(() => undefined);
    await still();
    const second = await secondOrchestrator(door);
    const later = new AbortController();
    const asked = second.request('write_text', handed(door), { signal: later.signal });
    asked.catch(() => undefined);
    await still();
    earlier.abort();
    await still();
    expect(stopped).toEqual([]);
    later.abort();
    await expect(asked).rejects.toMatchObject({ code: 4990 });
    expect(stopped).toMatchObject([{ code: 4990 }]);
  });

  test('a stale orchestrator with a lower fence does not get at running work (ATK-E5, INV7)', async () => {
    const { run, begun } = slow();
    const door = doorstep({ run });
    const newer = await door.enter(door.orchestrator);
    const running = await begin(newer, door, { fence: 7 });
    const stale = await secondOrchestrator(door);
    await expect(stale.request('write_text', handed(door, { fence: 6 }))).rejects.toMatchObject({ code: 4090 });
    const changed = stale.request('write_text', { ...handed(door, { fence: 8 }), text: 'y' });
    await expect(changed).rejects.toMatchObject({ code: 4090 });
    begun[0]!.finish('done');
    expect(await running.asked).toEqual({ text: 'done' });
  });
});

test('leaving waits for work whose link is lost as well, and then stops it', async () => {
  const { run, begun, stopped } = slow();
  const inbox = memoryInbox(manualClock());
  const door = doorstep({ run, host: { inbox, orphan_ms_max: 60_000 } });
  const peer = await door.enter(door.orchestrator);
  await begin(peer, door);
  await begin(peer, door, { task_id: 'task_2' });
  peer.link.cut();
  await still();
  const drained = door.host.drain(10_000);
  begun[0]!.finish('done');
  await still();
  expect(inbox.find('task_1')).toMatchObject({ outcome: '{"result":{"text":"done"}}' });
  door.clock.advance(10_000);
  await drained;
  expect(stopped).toMatchObject([{ code: 5030 }]);
});
