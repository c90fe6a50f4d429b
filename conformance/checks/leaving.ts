/** Leaving: said first, finished what was begun, nothing new taken, and a close that tells why. */
import type { Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { within } from '../clock.ts';
import { codeOf, openHandover, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';
import { NO_METHOD, type End, type Talk } from '../talk.ts';

/** The checks of AWAY. */
export const leavingChecks = [
  verifies('AWAY-01', async (probe) => {
    const talk = await probe.talk();
    const answered = talk.ask(NO_METHOD);
    talk.say({ jsonrpc: '2.0', method: 'mesh/goaway', params: { reason: 'conformance', reconnect_after_ms: 1_000 } });
    await answered;
    const more = await talk.unasked();
    demand(more.length === 0, `a goaway was answered ${show(more)}`);
  }),
  verifies(
    'AWAY-02',
    async (probe) => {
      const { said_goaway, end } = await departureOf(probe);
      demand(said_goaway, `it ended ${show(end)} without a mesh/goaway`);
    },
    { phase: 'last' },
  ),
  verifies(
    'AWAY-03',
    async (probe) => {
      const { begun } = await departureOf(probe);
      if (begun.length === 0) skip('no work was in flight: a key of an orchestrator is needed, and a skill that reads');
      const lost = begun.filter((answer) => answer === undefined).length;
      demand(lost === 0, `${lost} of ${begun.length} requests in flight were never answered`);
      const broken = begun.find((answer) => answer && codeOf(answer) === 4990);
      demand(!broken, `work in flight was stopped: ${show(broken)}`);
    },
    { phase: 'last' },
  ),
  verifies(
    'AWAY-04',
    async (probe) => {
      const { said_goaway, after_goaway } = await departureOf(probe);
      if (!said_goaway) skip('it said no mesh/goaway: see AWAY-02');
      if (!after_goaway) return skip('it was gone before more could be asked');
      demand(codeOf(after_goaway) === 5030, `after its goaway, new work was answered ${show(after_goaway)}`);
    },
    { phase: 'last' },
  ),
  verifies(
    'AWAY-05',
    async (probe) => {
      const { end } = await departureOf(probe);
      demand(end?.code === 1001, `it closed ${show(end?.code)}`);
    },
    { phase: 'last' },
  ),
];

/** How a peer left. */
interface Departure {
  said_goaway: boolean;
  /** Answers to the work that was begun before; undefined for what was never answered. */
  begun: readonly (Frame | undefined)[];
  /** The answer to work that was asked for after its goaway. */
  after_goaway: Frame | undefined;
  end: End | undefined;
}

/** A peer leaves once: the first check that asks makes it go, all look at the same. */
function departureOf(probe: Probe): Promise<Departure> {
  const { drain } = probe.subject;
  if (!drain)
    return skip('nobody said how to make the peer leave: give --drain-pid with its process id: it is sent SIGTERM');
  const known = DEPARTURES.get(drain) ?? depart(probe, drain);
  DEPARTURES.set(drain, known);
  return known;
}

async function depart(probe: Probe, drain: () => Promise<void> | void): Promise<Departure> {
  const { talk, ask } = await asker(probe);
  const began = Array.from({ length: BEGUN }, (_, nth) => ask(nth)).map((answer) => answer.catch(() => undefined));
  await talk.ask(NO_METHOD); // answered: what was asked before has arrived
  await drain();
  const goaway = await talk.until(
    () => talk.told.find(({ method }) => method === 'mesh/goaway') ?? endOf(talk),
    LEAVE_MS_MAX,
  );
  if (!goaway) return { said_goaway: false, begun: await Promise.all(began), after_goaway: undefined, end: undefined };
  const said_goaway = 'method' in goaway;
  const after_goaway = said_goaway ? await ask(0).catch(() => undefined) : undefined;
  const end = await talk.ended(LEAVE_MS_MAX).catch(() => undefined);
  const begun = await within(LEAVE_MS_MAX, Promise.all(began));
  return { said_goaway, begun: begun ?? began.map(() => undefined), after_goaway, end };
}

/** A conversation in which work is asked for, where we may; else one that only listens. */
async function asker(probe: Probe): Promise<{ talk: Talk; ask: (nth: number) => Promise<Frame> }> {
  if (probe.profile === 'orchestrator' || !probe.subject.key || probe.subject.key.id.startsWith('operator:')) {
    const talk = await probe.talk();
    return { talk, ask: () => talk.ask('rpc.ping') };
  }
  const { talk, give } = await openHandover(probe);
  const skills = triedSkills(probe); // all in turn: one that lasts keeps the peer from being gone at once
  const skillAt = (nth: number) => skills[nth % skills.length] ?? skills[0];
  return { talk, ask: (nth) => give(skillAt(nth), { within_ms: LEAVE_MS_MAX }) };
}

const endOf = ({ end }: Talk): { ended: true } | undefined => end && { ended: true };

const DEPARTURES = new WeakMap<() => unknown, Promise<Departure>>();
/** Requests that are in flight when the peer is told to leave. */
const BEGUN = 4;
/** How long leaving may take, ms (promises.md P13: 30 s). */
const LEAVE_MS_MAX = 30_000;
