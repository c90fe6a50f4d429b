/** The inbox of an agent, in memory and in a file: what was kept is found, for as long as it was promised (PROM-P4). */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { manualClock, memoryInbox, type Inbox, type InboxEntry, type ManualClock } from '../../seams/index.ts';
import { openInbox } from '../../store/index.ts';
import { buildStore } from './built.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-inbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const opened: Inbox[] = [];
afterEach(() => {
  for (const inbox of opened.splice(0)) inbox.close();
});
const open = (file: string, clock: ManualClock): Inbox => {
  const inbox = openInbox({ file, clock });
  opened.push(inbox);
  return inbox;
};
const entry = (about: Partial<InboxEntry> = {}): InboxEntry => ({
  task_id: 'task_1',
  effect_key: '',
  skill: 'write_text',
  digest: 'd1',
  outcome: '{"result":1}',
  fence: 1,
  ...about,
});

describe.each<[string, (clock: ManualClock) => Inbox]>([
  ['in memory', (clock) => memoryInbox(clock)],
  ['in a file', (clock) => open(join(folder, `${++count}.db`), clock)],
])('%s', (_name, make) => {
  test('what was kept is found under its names, and nothing else is', () => {
    const inbox = make(manualClock());
    const effect = entry({ effect_key: 'kind:target', outcome: '{"result":2}' });
    for (const kept of [entry(), effect]) inbox.keep(kept);
    expect(inbox.find('task_1')).toEqual(entry());
    expect(inbox.find('task_1', 'kind:target')).toEqual(effect);
    expect([inbox.find('task_2'), inbox.find('task_1', 'kind:other')]).toEqual([undefined, undefined]);
  });

  test('a later attempt takes the place of an earlier one, never the other way (INV7)', () => {
    const inbox = make(manualClock());
    inbox.keep(entry({ fence: 2, outcome: '{"result":"second"}' }));
    inbox.keep(entry({ fence: 1, outcome: '{"result":"first"}' }));
    expect(inbox.find('task_1')).toMatchObject({ fence: 2, outcome: '{"result":"second"}' });
    inbox.keep(entry({ fence: 3, outcome: '{"result":"third"}' }));
    expect(inbox.find('task_1')).toMatchObject({ fence: 3, outcome: '{"result":"third"}' });
  });

  test('the newest tasks are named newest first, effects are none, and no more than asked', () => {
    const clock = manualClock();
    const inbox = make(clock);
    for (let nth = 1; nth <= 5; nth++) {
      clock.advance(1);
      inbox.keep(entry({ task_id: `task_${nth}` }));
      inbox.keep(entry({ task_id: `task_${nth}`, effect_key: 'kind:target' }));
    }
    expect(inbox.recent(3)).toEqual(['task_5', 'task_4', 'task_3']);
    expect(inbox.recent(9)).toHaveLength(5);
  });
});

describe('in memory it is bounded', () => {
  const bounds = { entries_max: 3, bytes_max: 10_000, age_ms_max: 1_000 };

  test('by entries: the oldest go', () => {
    const inbox = memoryInbox(manualClock(), bounds);
    for (let nth = 1; nth <= 4; nth++) inbox.keep(entry({ task_id: `task_${nth}` }));
    expect(inbox.recent(9)).toEqual(['task_4', 'task_3', 'task_2']);
  });

  test('by bytes, also for one that is too large alone', () => {
    const inbox = memoryInbox(manualClock(), bounds);
    inbox.keep(entry());
    inbox.keep(entry({ task_id: 'task_2', outcome: 'x'.repeat(4_000) }));
    expect(inbox.recent(9)).toEqual(['task_2']);
    inbox.keep(entry({ task_id: 'task_3', outcome: 'x'.repeat(40_000) }));
    expect(inbox.recent(9)).toEqual([]);
    inbox.keep(entry({ task_id: 'task_4' }));
    expect(inbox.find('task_4')).toBeDefined();
  });

  test('by age', () => {
    const clock = manualClock();
    const inbox = memoryInbox(clock, bounds);
    inbox.keep(entry());
    clock.advance(1_000);
    expect(inbox.find('task_1')).toBeDefined();
    clock.advance(1);
    expect(inbox.find('task_1')).toBeUndefined();
  });
});

describe('in a file', () => {
  test('it is kept across a restart, readable by its owner alone', () => {
    const file = join(folder, 'restart.db');
    const first = openInbox({ file, clock: manualClock() });
    first.keep(entry());
    first.close();
    expect(open(file, manualClock()).find('task_1')).toEqual(entry());
    for (const name of readdirSync(folder).filter((there) => there.startsWith('restart')))
      expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });

  test('replicas share it: what one kept the other finds at once', () => {
    const file = join(folder, 'shared.db');
    const [ada, bob] = [open(file, manualClock()), open(file, manualClock())];
    ada.keep(entry());
    bob.keep(entry({ task_id: 'task_2' }));
    expect([bob.find('task_1'), ada.find('task_2')]).toMatchObject([{ fence: 1 }, { fence: 1 }]);
  });

  test('after two days an outcome is forgotten, not before a whole one has passed (PROM-P2)', () => {
    const clock = manualClock();
    const inbox = open(join(folder, 'age.db'), clock);
    inbox.keep(entry());
    clock.advance(86_400_000);
    inbox.keep(entry({ task_id: 'task_2' }));
    expect(inbox.find('task_1')).toBeDefined();
    clock.advance(86_400_001);
    inbox.keep(entry({ task_id: 'task_3' }));
    expect([inbox.find('task_1'), inbox.find('task_2')]).toMatchObject([undefined, { fence: 1 }]);
  });

  test('what was kept outlives a kill -9 right after it (PROM-P4)', async () => {
    const file = join(folder, 'killed.db');
    const scratch = join(folder, 'built');
    mkdirSync(scratch);
    const { store, seams } = buildStore(scratch);
    const child = fork(join(import.meta.dirname, 'fixtures', 'keeper.mjs'), [store, seams, file]);
    const kept = await new Promise((resolve) => child.once('message', resolve));
    const gone = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    child.kill('SIGKILL');
    expect([kept, await gone]).toEqual(['kept', 'SIGKILL']);
    expect(open(file, manualClock()).find('task_1')).toMatchObject({ outcome: '{"result":1}', fence: 1 });
  });
});
