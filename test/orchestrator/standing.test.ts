/** People leave while a question waits: neither their yes nor their wish counts any more (INV13, ATK-D6). */
import { expect, test } from 'vitest';
import { literalPins } from '../../mesh/index.ts';
import { createLedger } from '../../orchestrator/index.ts';
import { standingOf } from '../../orchestrator/standing.ts';
import type { Mode } from '../../protocol/index.ts';
import {
  acceptTask,
  acting,
  ask,
  desksOfTests,
  lease,
  outcomeOf,
  recordOf,
  use,
  vote,
  type Desk,
} from '../support/approvals.ts';
import { identityOf } from '../support/mesh.ts';

const openDesk = desksOfTests();
const never = new AbortController().signal;

/** A desk where two people have to approve, and those in `gone` may do nothing any more. */
async function deskOf(more: Parameters<typeof openDesk>[0] = {}) {
  const gone = new Set<string>();
  const standing = ({ sub }: { sub: string }) => !gone.has(sub);
  return { at: await openDesk({ rules: { needed: { high: 2 } }, standing, ...more }), gone };
}

test('what somebody asked for who is gone is turned down, with the reason on record, and its task ends denied', async () => {
  const { at, gone } = await deskOf();
  const task = await acceptTask(at);
  const approval = await ask(at, task);
  const answered = at.approvals.answered(task, never);
  expect(await outcomeOf(answered)).toBe('waiting');
  gone.add('operator:bob');
  await expect(vote(at, approval, 'operator:eve')).rejects.toThrow(
    'operator:bob, who asked for it, may no longer do so',
  );
  expect(task.approvals).toMatchObject([{ state: 'rejected', votes: [{ by: 'orchestrator', decision: 'reject' }] }]);
  await expect(answered).rejects.toMatchObject({ code: 4031 });
  expect(await recordOf(at)).toEqual(['approval_asked', 'approval_voted']);
});

test('the yes of somebody who is gone counts no longer: another person is needed, and the record folds to the same', async () => {
  const { at, gone } = await deskOf();
  const task = await acceptTask(at);
  const approval = await ask(at, task);
  expect(await vote(at, approval, 'operator:gone')).toMatchObject({ state: 'pending' });
  gone.add('operator:gone');
  const second = await vote(at, approval, 'operator:eve');
  expect(second).toMatchObject({ state: 'pending', votes: [{ by: 'operator:eve' }] });
  await expect(vote(at, approval, 'operator:gone')).rejects.toMatchObject({ code: 4030 });
  const folded = await createLedger(at.store, at.clock).get('task_1');
  expect(folded?.approvals).toEqual(task.approvals);
  expect(await vote(at, approval, 'operator:mel')).toMatchObject({ state: 'granted' });
});

test('whoever approved last may be gone in the moment of the effect: it is refused, and so is another attempt', async () => {
  const { at, gone } = await deskOf();
  const task = await acceptTask(at);
  const approval = await ask(at, task);
  await vote(at, approval, 'operator:eve');
  await vote(at, approval, 'operator:mel');
  const fence = await lease(at, task);
  gone.add('operator:eve');
  await expect(use(at, task, approval, { fence })).rejects.toThrow('operator:eve approved it and may no longer decide');
  await at.ledger.release('task_1', fence, 'link_lost');
  await expect(ask(at, task)).rejects.toMatchObject({ code: 4031 });
  expect((await recordOf(at)).at(-1)).toBe('refused 4031 responder isolate:ws-7');
});

test('an effect that was begun while everybody was there is finished', async () => {
  const { at, gone } = await deskOf({ rules: { needed: { high: 1 } } });
  const task = await acceptTask(at);
  const approval = await ask(at, task);
  await vote(at, approval, 'operator:eve');
  const fence = await lease(at, task);
  expect(await use(at, task, approval, { fence })).toMatchObject({ first: true });
  gone.add('operator:eve').add('operator:bob');
  expect(await use(at, task, approval, { fence })).toMatchObject({ first: false });
});

test('what policy allows without people is not done for somebody who is gone either', async () => {
  const { at, gone } = await deskOf();
  const task = await acceptTask(at);
  gone.add('operator:bob');
  await expect(ask(at, task, acting({ action_class: 'low' }))).rejects.toMatchObject({ code: 4031 });
});

test('operators stand while their key is pinned, users while whoever knows them says so', async () => {
  const pins = literalPins([identityOf('operator:eve', 'operator').pin]);
  const word = (sub: string) => ({ sub, as: 'approver' as const, at: '2026-01-01T00:00:00.000Z' });
  expect(await standingOf(pins)(word('operator:eve'))).toBe(true);
  expect(await standingOf(pins)(word('operator:mel'))).toBe(false);
  expect(await standingOf(pins)(word('user:anna'))).toBe(true);
  expect(await standingOf(pins, () => false)(word('user:anna'))).toBe(false);
});

test.each([
  ['the approval expired', 4080, (at: Desk) => at.clock.advance(3_600_000)],
  ['whoever approved it is gone', 4031, (_at: Desk, gone: Set<string>) => gone.add('operator:eve')],
  ['the mode is another', 4031, (_at: Desk, _gone: Set<string>, turnOff: () => void) => turnOff()],
])(
  'an effect whose record had to wait for the disk is looked at again: meanwhile %s, %i (ATK-F5)',
  async (_why, code, change) => {
    let mode: Mode = 'active';
    const { at, gone } = await deskOf({ rules: { needed: { high: 1 } }, mode: () => mode });
    const task = await acceptTask(at, { due: at.clock.monotonic() + 7_200_000 });
    const approval = await ask(at, task);
    await vote(at, approval, 'operator:eve');
    const fence = await lease(at, task);
    const { ledger } = at;
    const kept = { ...ledger };
    Object.assign(ledger, {
      record: async (...asked: Parameters<typeof ledger.record>) => {
        const is_kept = await kept.record(...asked);
        change(at, gone, () => (mode = 'monitor'));
        return is_kept;
      },
    });
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code });
    expect((await recordOf(at)).slice(-2)).toEqual(['approval_consumed', `refused ${code} responder isolate:ws-7`]);
    Object.assign(ledger, kept);
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code }); // it was begun by nobody
    gone.clear();
    mode = 'active';
    if (code !== 4080) expect(await use(at, task, approval, { fence })).toMatchObject({ first: true });
    expect((await recordOf(at)).filter((line) => line === 'approval_consumed')).toHaveLength(1);
  },
);
