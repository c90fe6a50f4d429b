/** What a failed command advises is what helps. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { follow, type Way } from '../../cli/follow.ts';
import { backup } from '../../cli/ledger.ts';
import { failureOf } from '../../cli/investigate.ts';
import { advising, toOutcome } from '../../cli/outcome.ts';
import type { Peer } from '../../mesh/index.ts';
import { AuroraError } from '../../protocol/index.ts';

const outcomeOf = async (work: Promise<unknown>) => toOutcome(await work.catch((reason: unknown) => reason));

test('a lost link names the task that goes on, and how to look at it', async () => {
  const way: Way = {
    closed: Promise.resolve(),
    link: { open: false },
    request: () => Promise.reject(new AuroraError(5030)),
    subscribe: () => Promise.resolve({ result: null, stop: () => undefined }),
  };
  const { code, text } = await outcomeOf(follow(way, 'task_7', () => undefined));
  expect([code, text]).toEqual([3, expect.stringMatching(/task_7 goes on \(AURORA-5030\)\n.*: aurora task task_7$/)]);
});

test('a backup that failed sends to the disk and the log, and starts no second fleet', async () => {
  const peer: Pick<Peer, 'request'> = {
    request: () => Promise.reject(new AuroraError(5030, { message: 'The ledger could not be copied' })),
  };
  const { text } = await outcomeOf(backup(peer, join(tmpdir(), 'aurora-never-made.db'), false));
  expect(text).toContain('room for a second ledger');
  expect(text).not.toContain('aurora up');
});

test('advice of its own goes with the code it is for, and with no other', async () => {
  const advised = (code: 4040 | 4043) =>
    outcomeOf(Promise.reject(new AuroraError(code)).catch(advising(4040, 'See who there is: aurora users')));
  expect(await advised(4040)).toEqual({
    code: 2,
    text: 'Not found (AURORA-4040)\nSee who there is: aurora users',
  });
  expect((await advised(4043)).text).toContain('aurora agents');
});

test('an investigation that failed for an agent that is away failed, and starts no second fleet', () => {
  const error = { code: 5030, message: 'No specialist could answer: ada is away' };
  const { code, text } = toOutcome(failureOf({ error }));
  expect(code).toBe(1);
  expect(text).toContain('ada is away');
  expect(text).toContain('aurora agents');
  expect(text).not.toContain('aurora up');
  expect(toOutcome(new AuroraError(5030)).code).toBe(3);
});

test('who is told when to come again is not advised to start a fleet: one answered', () => {
  const busy = new AuroraError(5030, { message: 'Every agent for x is ejected', retry_after_ms: 1_000 });
  expect(toOutcome(busy).text).toBe('Every agent for x is ejected (AURORA-5030)');
  expect(toOutcome(new AuroraError(5030)).text).toContain('aurora up');
});
