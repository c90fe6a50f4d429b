/** A simulator that never fails proves nothing: products that are broken at one seam are found out, each by its own promise. */
import { expect, test } from 'vitest';
import type { Ledger } from '../../orchestrator/index.ts';
import type { SimulatedStore } from './ledger-file.ts';
import type { Mutation } from './seat.ts';
import { simulate } from './simulate.ts';

/** What breaks, and the promise that says so. */
const MUTANTS: Record<string, Mutation & { found: RegExp }> = {
  'a store that acknowledges before it commits (PROM-P1)': { store: acknowledgesEarly, found: /^LOST|^INV1 / },
  'an orchestrator that forgets what it had accepted (PROM-P13)': {
    ledger: (ledger) => ({ ...ledger, recover: () => Promise.resolve([]) }),
    found: /^INV18/,
  },
  'a store that loses idempotency keys (PROM-P2)': { store: losesKeys, found: /^INV5/ },
  'an agent whose inbox does not outlive it (PROM-P4)': { forgets: true, found: /^INV6|^DUP_EFFECT/ },
  'a ledger that does not write down what an approval was used for (PROM-P4)': { ledger: losesUses, found: /^INV13/ },
  'an agent that puts nothing on record of what it does (INV16)': { silent: true, found: /^UNAUDITED/ },
  'a ledger that has the answer of somebody else under the name of who asked (INV13)': {
    ledger: namesWhoAsked,
    found: /^INV13 .*granted by who asked/,
  },
  'a ledger that does not know what an earlier process leased (PROM-P4)': {
    ledger: forgetsLeases,
    found: /^DUP_EFFECT/,
  },
  'a ledger that keeps something else than it was asked for (PROM-P3)': { ledger: keepsOther, found: /^PHANTOM/ },
  'a ledger that tells another story than its journal (PROM-P13)': { ledger: tellsOther, found: /^INV21/ },
};

/** Seconds on a machine of its own; other tests run beside it. */
const LOADED_MS_MAX = 180_000;

test.each(Object.entries(MUTANTS))(
  '%s',
  async (_, { found, ...mutation }) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { verdict } = await simulate(seed, { mutation });
      if (verdict.some((sentence) => found.test(sentence))) return;
    }
    expect.fail(`not found out in ${SEEDS_MAX} seeds`);
  },
  LOADED_MS_MAX,
);

test('the same seed is the same run, to the last line', async () => {
  const first = await simulate(5, { is_traced: true });
  const again = await simulate(5, { is_traced: true });
  expect(first.trace.length).toBeGreaterThan(50);
  expect(again).toEqual(first);
});

function acknowledgesEarly(store: SimulatedStore): SimulatedStore {
  return {
    ...store,
    append(append, options) {
      void store.append(append, options).catch(() => undefined); // the fault: nobody waits for it
      return Promise.resolve({ outcome: 'kept' } as Awaited<ReturnType<SimulatedStore['append']>>);
    },
  };
}

function losesKeys(store: SimulatedStore): SimulatedStore {
  return {
    ...store,
    append: ({ key: _lost, ...append }, options) => store.append(append, options),
  };
}

function losesUses(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async record(task_id, arrows) {
      const rest = arrows.filter(({ type }) => type !== 'approval_consumed');
      return rest.length === 0 || ledger.record(task_id, rest);
    },
  };
}

function namesWhoAsked(ledger: Ledger): Ledger {
  return {
    ...ledger,
    record: (task_id, arrows) =>
      ledger.record(
        task_id,
        arrows.map((arrow) =>
          arrow.type === 'approval_voted'
            ? { ...arrow, payload: withVoteOf('operator:ann', arrow.payload as { vote: object }) }
            : arrow,
        ),
      ),
  };
}

const withVoteOf = (by: string, { vote, ...rest }: { vote: object }): object => ({ ...rest, vote: { ...vote, by } });

function forgetsLeases(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async recover() {
      return (await ledger.recover()).map((recovered) => ({ ...recovered, held: undefined }));
    },
  };
}

function keepsOther(ledger: Ledger): Ledger {
  return {
    ...ledger,
    accept: (row, ...rest) =>
      ledger.accept(Object.assign(row, { params: { ...(row.params as object), more: 1 } }), ...rest),
  };
}

function tellsOther(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async get(task_id) {
      const row = await ledger.get(task_id);
      return row && { ...row, priority: row.priority + 1 };
    },
  };
}

const SEEDS_MAX = 300;
