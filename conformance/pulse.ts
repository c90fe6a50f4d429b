/** Whether a peer lives while it is tried, and what was being tried when it went away. */
import { Skip, type Check } from './check.ts';
import type { Probe } from './probe.ts';
import type { RequirementId } from './requirements.ts';

/** Ways to look after a peer, each with a probe of its own. */
export interface Looks {
  /** Somebody answers a dial, whatever he answers. */
  dial: () => Promise<boolean>;
  /** A question is answered. */
  ask: () => Promise<boolean>;
}

/** The finger on the pulse of one run under one profile. */
export interface Pulse {
  /** What became of the peer; undefined while it lives. */
  gone(): string | undefined;
  /** Why nothing can be said of what it must not do; undefined when it answered, before and just now. */
  unheard(): Promise<string | undefined>;
  /** Tries one sentence. Answers, beside what came of it, why the peer is to blame or is out of reach now. */
  during<T>(check: Pick<Check, 'id' | 'phase'>, run: () => Promise<T>): Promise<{ tried: T; died?: string }>;
}

/** Feels the pulse for the first time: a peer that answers no question then is told apart from one that stopped later. */
export async function createPulse({ dial, ask }: Looks): Promise<Pulse> {
  const answered = await ask();
  const running = new Map<RequirementId, Check['phase']>();
  /** What was tried when it went: one of them is what it died of. */
  let suspects: ReadonlySet<RequirementId> = new Set();
  let gone: string | undefined;

  /** Asked after an await: the compiler would otherwise remember the answer from before. */
  const isOver = () => gone !== undefined;

  /** A second dial, for a peer that was only busy. */
  const isGone = async () => !((await dial()) || (await dial()));

  async function look({ id, phase }: Pick<Check, 'id' | 'phase'>): Promise<void> {
    if (phase === 'last' || isOver()) return; // there it may have been told to leave
    const is_gone = await isGone();
    if (isOver()) return;
    if (is_gone) {
      const beside = [...running].flatMap(([other, its_phase]) => (its_phase === 'long' ? [] : [other]));
      suspects = new Set([...(phase === 'long' && beside.length > 0 ? [] : [id]), ...beside]);
      gone = `the peer was gone after ${[...suspects].join(', ')}`;
    } else if (phase === 'hard' && answered && !(await ask())) {
      suspects = new Set([id]);
      gone = `the peer answers no more since ${id}`;
    }
  }

  return {
    gone: () => gone,
    async unheard() {
      if (gone !== undefined) return gone;
      return answered && (await ask()) ? undefined : 'the peer answered no ping: of its silence nothing can be said';
    },
    async during(check, run) {
      running.set(check.id, check.phase);
      try {
        const tried = await run();
        await look(check);
        return suspects.has(check.id) ? { tried, died: 'the peer was gone afterwards' } : { tried };
      } finally {
        running.delete(check.id);
      }
    },
  };
}

/** The two looks at a peer, with the probes that `newProbe` makes. */
export const looksAt = (newProbe: () => Probe): Looks => ({
  dial: () => looking(newProbe(), (probe) => probe.upgrade()),
  ask: () => looking(newProbe(), async (probe) => (await probe.talk()).ask('rpc.ping')),
});

async function looking(probe: Probe, look: (probe: Probe) => Promise<unknown>): Promise<boolean> {
  try {
    await look(probe);
    return true;
  } catch (reason) {
    return reason instanceof Skip; // it asked for a key that we lack: who asks lives
  } finally {
    await probe.done();
  }
}
