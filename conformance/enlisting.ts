/** Bringing the kit's own agent into a fleet: it listens, registers, is dialled, answers a first task; and leaves when the check is over. */
import { isFrame, type Frame, type Observe } from './answers.ts';
import { Failure, Skip, show, skip } from './check.ts';
import { pass } from './clock.ts';
import type { Notes } from './exchange.ts';
import type { Greeting, GreetingOptions } from './greeting.ts';
import type { Key } from './identity.ts';
import { startOwnAgent, type OwnAgent, type OwnAgentOptions } from './own-agent.ts';
import type { Subject } from './subject.ts';
import type { Talk } from './talk.ts';

/** An agent that belongs to the fleet. */
export interface Enlisted {
  agent: OwnAgent;
  /** The conversation of an operator, who hands work over. */
  asker: Greeting;
  /** The conversation in which the agent registered. */
  line: Greeting;
  /** What registering was answered. */
  lease: Frame;
}

/** Ways of being an agent; everything that is begun here is ended by `done`. */
export interface Enlisting {
  /** Listens under a name, registered with nobody. */
  listen(key: Key, options?: OwnAgentOptions): Promise<OwnAgent>;
  /** Says hello as that agent, and asks to be registered. */
  register(agent: OwnAgent, key: Key, asked?: Frame): Promise<{ line: Greeting; answer: Frame }>;
  /** The same, for who asks about something else: skips when nothing is answered. */
  knock(agent: OwnAgent, key: Key, asked?: Frame): Promise<{ line: Greeting; answer: Frame }>;
  /** The whole road. Skips when the orchestrator does not let it go: whose fault that is, REG-08 says. */
  enlist(options?: OwnAgentOptions): Promise<Enlisted>;
  /** The same, and throws a Failure. */
  bring(key: Key, options?: OwnAgentOptions): Promise<Enlisted>;
  /** A second agent beside the first. */
  enlistPeer(): Promise<Enlisted>;
  /** The key of the first agent. Skips when none was given. */
  agentKey(): Key;
  done(): Promise<void>;
}

/** What enlisting needs. */
export interface EnlistingDeps {
  subject: Subject;
  notes: Notes;
  observe: Observe;
  greet: (options: Partial<GreetingOptions>) => Promise<Greeting>;
  /** The operator's key; skips when there is none. */
  operatorKey: () => Key;
}

/** Ways into a fleet for one check; nobody is enrolled before the first is used. */
export function createEnlisting({ subject, notes, observe, greet, operatorKey }: EnlistingDeps): Enlisting {
  const { limits, monotonic, turns } = subject;
  const agents: OwnAgent[] = [];
  const lines: Talk[] = [];
  let is_over = false;
  let turn: Promise<() => void> | undefined;
  let asker: Promise<Greeting> | undefined;

  /** The turn stays ours until the check is over. */
  const takeTurn = async () => {
    const give = await (turn ??= turns.take());
    if (!is_over) return;
    give();
    throw new Failure('the time of the check was over before its turn came');
  };
  const enlisting: Enlisting = {
    async listen(key, options) {
      await takeTurn();
      const { answer_ms_max } = limits;
      const agent = await startOwnAgent({ key, observe, notes, monotonic, answer_ms_max }, options);
      agents.push(agent);
      return agent;
    },
    async register(agent, key, asked) {
      const line = await greet({ key, instance_id: agent.instance_id });
      lines.push(line);
      const { agent_id, url } = agent;
      return { line, answer: await line.ask('agent/register', { agent_id, url, ttl_ms: TTL_MS, ...asked }) };
    },
    async knock(agent, key, asked) {
      return enlisting.register(agent, key, asked).catch((reason: unknown) => {
        if (!(reason instanceof Failure)) throw reason;
        return skip(`registering is not answered, see REG-01: ${reason.message}`);
      });
    },
    async enlist(options) {
      const key = enlisting.agentKey();
      await takeTurn(); // whoever was before may know that it is in vain
      if (turns.refused !== undefined) skip(turns.refused);
      return enlisting.bring(key, options).catch((reason: unknown) => {
        if (reason instanceof Skip || !(reason instanceof Failure)) throw reason;
        turns.refused = `the kit's own agent got no place in the fleet, see REG-08: ${reason.message}`;
        return skip(turns.refused);
      });
    },
    async bring(key, options) {
      const by = operatorKey();
      const agent = await enlisting.listen(key, options);
      const { line, answer } = await enlisting.register(agent, key);
      const lease = answer['result'];
      if (!isFrame(lease)) throw new Failure(`registering was answered ${show(answer)}`);
      if (lease['state'] !== 'active') {
        throw new Failure(`${key.id} is ${show(lease['state'])}: is its key pinned? aurora agents enroll ${key.id}`);
      }
      const talk = await (asker ??= greet({ key: by }));
      await beWelcome(agent, talk, lease);
      return { agent, asker: talk, line, lease };
    },
    async enlistPeer() {
      const key = subject.peer_key ?? skip(NO_PEER_KEY);
      return enlisting.bring(key);
    },
    agentKey() {
      if (!isLocal(subject.url)) skip(NOT_LOCAL);
      return subject.agent_key ?? skip(NO_AGENT_KEY);
    },
    async done() {
      is_over = true;
      await Promise.all(lines.map((line) => leave(line)));
      await Promise.all(agents.map((agent) => agent.until(() => isLeft(agent), GOODBYE_MS_MAX)));
      await Promise.all(agents.map((agent) => agent.stop()));
      if (turn) (await turn)();
    },
  };
  return enlisting;

  /** Dialled, asked for hello, and given a first task: from then on it is an agent like others. */
  async function beWelcome(agent: OwnAgent, talk: Talk, lease: Frame): Promise<void> {
    const by = monotonic() + limits.answer_ms_max;
    const dialled = await agent.until(() => agent.talks[0]);
    if (!dialled) throw new Failure(`registered (${show(lease)}), the agent was not dialled at ${agent.url}`);
    let answer: Frame = {};
    while (monotonic() < by) {
      answer = await talk.ask('handoff', {
        to: { agent_id: agent.agent_id },
        method: 'kit_echo',
        params: { kit: 'welcome' },
        options: { deadline_ms: WELCOME_MS_MAX, mode: 'monitor' },
      });
      if (isFrame(answer['result'])) break;
      if (agent.talks.at(-1)?.end) break;
      await pass(WELCOME_PAUSE_MS);
    }
    const end = agent.talks.at(-1)?.end;
    if (!isFrame(answer['result'])) {
      const why = end ? `, and closed the agent's link (${end.code ?? 'cut'} ${end.reason})` : '';
      throw new Failure(`the first task of a registered agent was answered ${show(answer)}${why}`);
    }
    agent.calls.length = 0;
  }
}

async function leave(line: Talk): Promise<void> {
  if (line.end) return;
  await line.ask('agent/leave', {}, { within_ms: GOODBYE_MS_MAX }).catch(() => undefined);
}

/** Whether the orchestrator ended every link that it had dialled. */
const isLeft = ({ talks }: OwnAgent): true | undefined => (talks.every(({ end }) => end) ? true : undefined);

const isLocal = (url: string): boolean =>
  /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(url).hostname.toLowerCase());

const NO_AGENT_KEY =
  "the orchestrator's own frames are seen by an agent only: aurora agents enroll conformance-agent, then --agent-key <its key>";
const NO_PEER_KEY =
  'what a task hands on is seen by a second agent only: aurora agents enroll conformance-peer, then --peer-key <its key>';
const NOT_LOCAL =
  "the kit's own agent listens on this machine only: run the kit where the orchestrator runs, with --agent-key";
const TTL_MS = 60_000;
const GOODBYE_MS_MAX = 1_000;
const WELCOME_MS_MAX = 2_000;
const WELCOME_PAUSE_MS = 50;
