/** Who may wait for approval when more come than there are places. */
import { expect, test } from 'vitest';
import { createStrangers, type Stranger } from '../../orchestrator/strangers.ts';
import { AuroraError } from '../../protocol/index.ts';
import { manualClock, memoryLog } from '../../seams/index.ts';

const WEEK_MS = 604_800_000;

/** A waiting room over a list, which outlives it as a file does. */
function open({
  kept = [],
  clock = manualClock(),
}: { kept?: Stranger[]; clock?: ReturnType<typeof manualClock> } = {}) {
  const file = { is_free: true };
  const quarantine = {
    places: 256,
    add(stranger: Stranger) {
      if (kept.some(({ id }) => id === stranger.id)) return;
      if (kept.length >= 256) throw new AuroraError(4290);
      kept.push(stranger);
    },
    drop(ids: readonly string[]) {
      if (!file.is_free) return false;
      kept.splice(0, kept.length, ...kept.filter(({ id }) => !ids.includes(id)));
      return true;
    },
    list: () => [...kept],
  };
  const log = memoryLog();
  const strangers = createStrangers({ clock, log, quarantine, networks: [] });
  const knock = (id: string, address: string) => strangers.wait({ id, public_key: 'x' }, `${address}:50000`);
  return { kept, file, clock, log, strangers, knock, waits: (id: string) => kept.some((each) => each.id === id) };
}

/** Sixteen addresses take all places. */
function fill({ knock, clock }: Pick<ReturnType<typeof open>, 'knock' | 'clock'>) {
  for (let place = 0; place < 256; place++) {
    knock(`bad-${1 + Math.floor(place / 16)}-${place % 16}`, `198.51.100.${1 + Math.floor(place / 16)}`);
    clock.advance(1);
  }
}

test('ATK-E9: who comes from elsewhere to a full quarantine takes the place of the longest silent one of the many', () => {
  const room = open();
  fill(room);
  room.knock('bad-1-0', '198.51.100.1'); // goes on waiting, and is heard
  room.knock('honest', '192.0.2.1');
  expect(room.kept).toHaveLength(256);
  expect([room.waits('honest'), room.waits('bad-1-0'), room.waits('bad-1-1')]).toEqual([true, true, false]);
  expect(room.log.lines).toMatchObject([{ fields: { ids: ['bad-1-1'] }, text: 'strangers wait no longer' }]);
  // The many get nothing back from who has less, however often they come.
  for (let nth = 0; nth < 100; nth++) expect(() => room.knock(`worse-${nth}`, '198.51.100.1')).toThrow(AuroraError);
  expect(room.waits('honest')).toBe(true);
});

test('ATK-E9: where all addresses have as many nobody is pushed out: that is 4290', () => {
  const room = open();
  for (let address = 0; address < 256; address++) room.knock(`one-${address}`, `203.0.${address}.1`);
  expect(() => room.knock('late', '192.0.2.1')).toThrow(expect.objectContaining({ code: 4290 }));
  expect(() => room.knock('second', '203.0.7.1')).toThrow(expect.objectContaining({ code: 4290 }));
  room.knock('one-7', '203.0.7.1'); // who waits goes on waiting
  expect(room.kept).toHaveLength(256);
  expect(room.waits('one-0')).toBe(true);
});

test('who does not register again for a week waits no longer; who does, does', () => {
  const room = open();
  for (const id of ['gone', 'here']) room.knock(id, '192.0.2.1');
  for (let day = 0; day < 7; day++) {
    room.clock.advance(WEEK_MS / 7);
    room.knock('here', '192.0.2.1');
  }
  expect(room.strangers.list()).toHaveLength(2);
  room.clock.advance(1);
  expect(room.strangers.list().map(({ id }) => id)).toEqual(['here']);
  expect(room.kept).toHaveLength(1);
});

test('while somebody else changes the quarantine nobody is told to have left it, and who was silent leaves when it is free', () => {
  const room = open();
  room.knock('gone', '192.0.2.1');
  room.clock.advance(WEEK_MS + 1);
  room.file.is_free = false;
  expect(room.strangers.list()).toEqual([]);
  expect([room.log.lines, room.waits('gone')]).toEqual([[], true]);
  room.file.is_free = true;
  room.strangers.list();
  expect(room.waits('gone')).toBe(false);
});

test('after a restart those that register again keep their places; the silent ones make room first, or go after a week', () => {
  const first = open();
  fill(first);
  const room = open({ kept: first.kept, clock: first.clock });
  for (let nth = 0; nth < 16; nth++) room.knock(`bad-9-${nth}`, '198.51.100.9');
  for (let nth = 0; nth < 15; nth++) room.knock(`honest-${nth}`, '192.0.2.1');
  expect(room.kept).toHaveLength(256);
  expect(room.kept.filter(({ id }) => id.startsWith('bad-9'))).toHaveLength(16);
  room.clock.advance(WEEK_MS + 1);
  room.knock('honest-0', '192.0.2.1');
  expect(room.kept).toEqual([{ id: 'honest-0', public_key: 'x' }]);
});
