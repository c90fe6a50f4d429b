/** 64 calls in flight through two hops: rates, tails and processor time, of everybody in turns. */
import { startContenders, warmUp, type Loaded } from '../contender.ts';
import type { Group, Told } from '../kit.ts';
import { medianOf, ratiosOf, takeTurns } from '../measure.ts';

/** Whose rate over whose. */
const RATES: Readonly<Record<string, readonly [ours: string, theirs: string]>> = {
  G1: ['mesh normal', 'ws relay'],
  G2: ['mesh off', 'ws relay'],
  G3: ['mesh full', 'ws relay'],
  G4: ['mesh normal', 'moleculer TCP'],
  G5a: ['mesh normal', 'moleculer NATS'],
  G5b: ['mesh normal', 'NATS with a router'],
  G6a: ['mesh off', 'moleculer TCP'],
  G6b: ['mesh off', 'json-rpc-2.0'],
  G7a: ['mesh normal', 'HTTP'],
  G7b: ['mesh normal', 'grpc-js'],
  G7c: ['mesh normal', 'A2A SDK, one hop'],
  G19: ['mesh full', 'restate'],
  corked: ['mesh normal', 'ws relay, corked'],
  'rpc-websockets': ['mesh normal', 'rpc-websockets'],
  record: ['ws relay with the record', 'ws relay'],
};
const WITH_RELAY = ['mesh normal', 'ws relay'] as const;

export const throughput: Group = {
  lines: [...Object.keys(RATES), 'G10', 'G11'],
  async measure(kit, wanted) {
    const pairs = new Map([...wanted].map((id) => [id, RATES[id] ?? WITH_RELAY]));
    const { there, skipped } = await startContenders([...pairs.values()].flat(), kit);
    kit.say(`${there.length} contenders, 64 in flight`);
    const turn = { in_flight: IN_FLIGHT, ms: kit.ms };
    await takeTurns(1, there, (contender) => contender.load(warmUp(kit)));
    const turns = await takeTurns(kit.rounds, there, (contender) => contender.load(turn));
    const loaded = new Map([...turns].map(([{ name }, told]) => [name, told]));
    for (const [name, told] of loaded) kit.say(summaryOf(name, told));

    const told: Told = new Map();
    for (const [id, [us, them]] of pairs) {
      const [ours, theirs] = [loaded.get(us), loaded.get(them)];
      const skip = skipped.get(us) ?? skipped.get(them);
      if (!ours || !theirs) told.set(id, { skip: skip ?? 'it did not start' });
      else
        told.set(id, {
          figures: FIGURES[id]?.(ours, theirs) ?? ratesOf(ours, theirs),
          note: NOTES[id]?.(ours, theirs) ?? noteOf(ours, theirs),
        });
    }
    return told;
  },
};

const rate = ({ answers, ms }: Loaded): number => (answers * 1_000) / ms;
const tail = ({ p99_ms, p50_ms }: Loaded): number => p99_ms / p50_ms;
const cpu_us = ({ router_cpu_ms, answers }: Loaded): number => (router_cpu_ms * 1_000) / answers;

const ratesOf = (ours: Loaded[], theirs: Loaded[]) => ratiosOf(ours.map(rate), theirs.map(rate));
const noteOf = (ours: Loaded[], theirs: Loaded[]) => `${rounded(ours, rate)}/s : ${rounded(theirs, rate)}/s`;

type Of<T> = Readonly<Partial<Record<string, (ours: Loaded[], theirs: Loaded[]) => T>>>;
const FIGURES: Of<number[]> = {
  G10: (ours) => ours.map(tail),
  G11: (ours, theirs) => ratiosOf(ours.map(cpu_us), theirs.map(cpu_us)),
};
const NOTES: Of<string> = {
  G10: (_ours, theirs) => `the relay ${medianOf(theirs.map(tail)).toFixed(1)}`,
  G11: (ours, theirs) => `${rounded(ours, cpu_us)} µs : ${rounded(theirs, cpu_us)} µs`,
  record: (ours, theirs) =>
    `${noteOf(ours, theirs)}, ${rounded(ours, cpu_us)} µs : ${rounded(theirs, cpu_us)} µs in the middle`,
};

const rounded = (told: Loaded[], of: (loaded: Loaded) => number): string => medianOf(told.map(of)).toFixed(0);

const summaryOf = (name: string, told: Loaded[]): string =>
  `${name}: ${rounded(told, rate)}/s, p50 ${medianOf(told.map(({ p50_ms }) => p50_ms)).toFixed(2)} ms, router ${rounded(told, cpu_us)} µs`;

const IN_FLIGHT = 64;
