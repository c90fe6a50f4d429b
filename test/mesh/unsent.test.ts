/** Who does not take what was sent: bounded for one link by time, for all links of a port by their sum (ATK-I4, PROM-P8). */
import { expect, test } from 'vitest';
import { memoryLink } from '../../mesh/index.ts';
import { createUnsentOfAll } from '../../mesh/unsent.ts';
import { manualClock } from '../../seams/index.ts';
import { doorstep } from './doorstep.ts';
import { rawPeer, still } from './raw-peer.ts';
import { record } from './recorder.ts';

const debtor = (unsent_bytes: number, is_trusted = false) => ({
  link: { unsent_bytes, open: true },
  is_trusted,
  is_cut: false,
  dropUnread() {
    this.is_cut = true;
    this.link.open = false;
  },
});

test('over the bound the largest debtors are cut, strangers before whoever proved a key, and no more of them than it takes', () => {
  const clock = manualClock();
  const all = createUnsentOfAll({ clock, bytes_max: 100_000 });
  const [known, large, larger, small] = [debtor(60_000, true), debtor(30_000), debtor(40_000), debtor(20_000)];
  for (const each of [known, large, small]) all.note(each);
  clock.advance(50);
  expect([known, large, small].map(({ is_cut }) => is_cut)).toEqual([false, true, false]); // 110 000 were too many
  all.note(larger);
  clock.advance(50);
  expect([known, larger, small].map(({ is_cut }) => is_cut)).toEqual([false, true, false]);
  known.link.unsent_bytes = 0;
  small.link.unsent_bytes = 0;
  clock.advance(50);
  expect(clock.nextAt()).toBeUndefined(); // nobody owes, and nobody looks
});

test('a reception adds up what all its links have unsent', async () => {
  const door = doorstep({ host: { unsent_bytes_max: 100_000 } });
  const deaf = Array.from({ length: 3 }, () => {
    const [near, far] = memoryLink({ clock: door.clock, protocol: '' });
    const heard = record(near);
    near.pause();
    door.host.accept(far);
    near.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'read_text', params: { text: 'x'.repeat(40_000) } }));
    return heard;
  });
  await still();
  door.clock.advance(50);
  await still();
  expect(deaf.filter(({ ended }) => ended !== undefined)).toHaveLength(1);
  expect(door.metrics.of('links_closed_total')).toBe(1);
});

test('ATK-I4: one that takes a drop now and then is cut as one that takes nothing', async () => {
  const raw = rawPeer({ methods: { small: () => 'x'.repeat(20_000) }, limits: { stall_ms_max: 100 } });
  raw.link.pause();
  raw.heard.onText = () => raw.link.pause(); // one frame at a time
  for (let id = 1; id <= 64; id++) raw.say({ jsonrpc: '2.0', id, method: 'small' });
  await still();
  for (let taken = 0; taken < 4; taken++) {
    raw.clock.advance(40);
    raw.link.resume();
    await still();
  }
  expect(await raw.peer.closed).toEqual({ code: 1006, reason: 'cut' });
  expect(raw.peer.link.unsent_bytes).toBe(0);
});
