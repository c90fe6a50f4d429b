/** Each request has one answer, with the id that it came with; whatever else is said has none (INV17). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AuroraError } from '../../protocol/index.ts';
import { check } from '../faults/checker.ts';
import type { HistoryEvent } from '../faults/history.ts';
import { rawPeer, still } from './raw-peer.ts';

type Said = { kind: 'request' | 'notification' | 'response'; frame: Record<string, unknown> };

/** Ids that are easily mixed up: 1 and "1", the empty text, the largest number, null. */
const ID = fc.constantFrom<unknown>(0, 1, '1', -1, '', 'null', null, 2 ** 53 - 1, '9007199254740991', 'é\u0000"');
const METHOD = fc.constantFrom('echo', 'slow', 'fail', 'nothing', 'unknown', 'rpc.ping', '$/unknown', '__proto__');
const said: fc.Arbitrary<Said> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(METHOD, ID).map(([method, id]): Said => ({ kind: 'request', frame: { method, id } })),
  },
  { weight: 2, arbitrary: METHOD.map((method): Said => ({ kind: 'notification', frame: { method } })) },
  { weight: 1, arbitrary: ID.map((id): Said => ({ kind: 'response', frame: { result: 1, id } })) },
);
/** Some alone, some in a batch. */
const conversation = fc.array(fc.array(said, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

test('INV17: each request one answer of the same id and type, a notification and a response none, in any mixture', async () => {
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(conversation, fc.infiniteStream(fc.nat()), async (groups, order) => {
      const { raw, release } = talkative();
      const next = (): number => order.next().value as number;
      const history: HistoryEvent[] = [];
      let strikes = 0;
      for (const group of groups) {
        const frames: unknown[] = [];
        for (const { kind, frame } of group) {
          if (kind === 'response' && ++strikes > 9) continue; // the tenth closes the link
          frames.push({ jsonrpc: '2.0', params: {}, ...frame });
          const id = 'id' in frame ? JSON.stringify(frame['id']) : undefined;
          if (kind !== 'response') history.push({ who: 'link', kind, link: 'l', ...(id !== undefined && { id }) });
        }
        if (frames.length > 0) raw.say(frames.length === 1 && next() % 2 === 0 ? frames[0] : frames);
        if (next() % 3 === 0) release(next());
        await still();
      }
      while (release(next())) await still();
      const answers = raw.frames().flat() as { id: unknown; error?: { message: string } }[];
      for (const { id, error } of answers) {
        // A second one of an id in flight is refused with id null, and names the id: the first stays unharmed (wire.md 2).
        const of = error && REUSED.exec(error.message)?.[1];
        history.push({ who: 'link', kind: 'response', link: 'l', id: of ?? JSON.stringify(id) });
      }
      answered += answers.length;
      expect(check(history)).toEqual([]);
      expect(raw.heard.ended).toBeUndefined();
    }),
    { numRuns: 300, seed: 17 },
  );
  expect(answered).toBeGreaterThan(2_000);
});

test('INV17: what runs when the link goes is answered by its end, and by nothing after it', async () => {
  const { raw, release } = talkative();
  for (const id of [1, '1', null]) raw.say({ jsonrpc: '2.0', method: 'slow', params: {}, id });
  await still();
  raw.link.cut();
  while (release(0)) await still();
  expect(raw.heard.ended).toMatchObject({ code: 1006 });
  expect(raw.frames()).toEqual([]);
});

/** A peer whose slow calls end one by one, when they are let. */
function talkative() {
  const waiting: (() => void)[] = [];
  const raw = rawPeer({
    methods: {
      echo: (params) => params,
      nothing: () => undefined,
      fail: () => {
        throw new AuroraError(4040);
      },
      slow: () => new Promise((resolve) => void waiting.push(() => resolve('slow'))),
    },
  });
  const release = (which: number) => {
    const [chosen] = waiting.splice(which % Math.max(1, waiting.length), 1);
    chosen?.();
    return chosen !== undefined;
  };
  return { raw, release };
}

const REUSED = /Invalid Request: id (.*) is in flight/s;
