/** The kit's own agent: it lets an orchestrator dial it, registers with it, and shows a check every request that it is sent. */
import { randomBytes } from 'node:crypto';
import { isFrame, type Frame, type Observe } from './answers.ts';
import { Failure, show } from './check.ts';
import { now, within } from './clock.ts';
import type { Notes } from './exchange.ts';
import { answerHello, introductionOf } from './greeting.ts';
import { startHost, type Host } from './host.ts';
import type { Key } from './identity.ts';
import { digestOf, OWN_SKILLS, ownCard, type OwnSkill } from './own-card.ts';
import { startTalk, UNANSWERED, type Talk } from './talk.ts';
import type { Wire } from './wire.ts';

/** How the agent behaves, where it is other than usual. */
export interface OwnAgentOptions {
  /** Hello is not answered. */
  is_silent?: boolean;
  /** Members of the card that are other than usual. */
  card?: (card: Frame) => Frame;
  /** The key that hello is proven with; the agent's own unless said. */
  proof_key?: Key;
  /** The digest that hello vouches for; that of the card unless said. */
  card_digest?: string;
  /** Members of hello that are other than usual, whoever asks whom. */
  hello?: Frame;
}

/** A request of the orchestrator that the agent was sent. */
export interface Call {
  skill: OwnSkill;
  /** What was asked for, without `_meta`. */
  params: Frame;
  meta: Frame;
  /** `_meta.handoff`. */
  routing: Frame;
  /** The frame itself. */
  frame: Frame;
  /** When it came, wall ms. */
  wall: number;
  /** The conversation that it came in. */
  talk: Talk;
  /** Tells something under the token of this call, or under another. */
  tell(value: unknown, more?: Frame): void;
  /** Asks the orchestrator for something in the name of this task. */
  ask(method: string, params: Frame, options?: { handoff?: Frame }): Promise<Frame>;
  /** Asks it to hand work on. */
  handOff(params: Frame, options?: { handoff?: Frame }): Promise<Frame>;
  /** Waits for `$/cancel` of this request; undefined when none comes. */
  cancelled(within_ms?: number): Promise<Frame | undefined>;
}

/** What a skill does with a call; its answer, a thrown `Refusal`, or `UNANSWERED`. */
export type Handler = (call: Call) => unknown;

/** An agent that listens. It is known to nobody before it registers. */
export interface OwnAgent {
  readonly agent_id: string;
  readonly instance_id: string;
  readonly url: string;
  /** What it was asked, in order, on whichever connection. */
  readonly calls: Call[];
  /** Decides what a skill does from now on; it answers its params unless said. */
  readonly does: (skill: OwnSkill, handler: Handler) => void;
  /** The nth call, from 1; throws a Failure when it does not come. */
  call(nth: number, within_ms?: number): Promise<Call>;
  /** The conversations that the orchestrator began, in order. */
  readonly talks: readonly Talk[];
  /** What the orchestrator answered to the agent's own hello, on the newest connection. */
  greeted(): Promise<Greeted | undefined>;
  /** Waits until what is known of it satisfies; undefined when it does not in time. */
  until<T>(find: () => T | undefined, within_ms?: number): Promise<T | undefined>;
  /** What the orchestrator did against the framing that a client owes. */
  readonly unmasked: string | undefined;
  stop(): Promise<void>;
}

/** The orchestrator's answer to hello, and what its proof must speak of. */
export interface Greeted {
  answer: Frame;
  challenge: string;
  dialled: string;
}

/** What an agent is made of. */
export interface OwnAgentDeps {
  key: Key;
  observe: Observe;
  notes: Notes;
  monotonic: () => number;
  answer_ms_max: number;
}

/** Starts to listen. */
export async function startOwnAgent(
  { key, observe, notes, monotonic, answer_ms_max }: OwnAgentDeps,
  { is_silent = false, card = (own) => own, card_digest, proof_key = key, hello = {} }: OwnAgentOptions = {},
): Promise<OwnAgent> {
  const instance_id = `kit-${randomBytes(8).toString('hex')}`;
  const handlers = new Map<OwnSkill, Handler>();
  const calls: Call[] = [];
  const talks: Talk[] = [];
  const watchers = new Set<() => void>();
  let greeted: Promise<Greeted | undefined> = Promise.resolve(undefined);
  let unmasked: string | undefined;

  const cardOf = (url: string) => card(ownCard(key.id, url));
  const wake = () => {
    for (const watcher of [...watchers]) watcher();
  };
  const host: Host = await startHost({ cardOf, onWire, notes });
  return {
    agent_id: key.id,
    instance_id,
    url: host.url,
    calls,
    talks,
    does: (skill, handler) => void handlers.set(skill, handler),
    async call(nth, within_ms = answer_ms_max) {
      const call = await until(() => calls[nth - 1], within_ms);
      if (!call) throw new Failure(`the agent was sent ${calls.length} requests within ${within_ms} ms, not ${nth}`);
      return call;
    },
    greeted: () => greeted,
    until,
    get unmasked() {
      return unmasked;
    },
    stop: () => host.stop(),
  };

  function onWire(wire: Wire, dialled: string): void {
    const hears: Observe = (id, about) => {
      if (id === 'ROUTE-25') unmasked ??= about;
      else observe(id, about);
    };
    const talk = startTalk(wire, { profile: 'orchestrator', observe: hears, monotonic, answer_ms_max });
    const digest = card_digest ?? digestOf(cardOf(host.url));
    if (is_silent) talk.serve('mesh/hello', () => UNANSWERED);
    else answerHello(talk, { key: proof_key, instance_id, dialled, answer: { card_digest: digest, ...hello } });
    talk.serve('rpc.ping', () => ({ ok: true }));
    for (const skill of NAMES) talk.serve(skill, (params, frame) => work(skill, { params, frame, talk }));
    if (talks.length < TALKS_MAX) talks.push(talk);
    if (!is_silent) greeted = greet(talk, dialled);
    void talk.until(() => talk.asked[0], answer_ms_max).then(wake);
    wake();
  }

  /** Asks who dialled; what it answers is judged by the check that wants to know. */
  async function greet(talk: Talk, dialled: string): Promise<Greeted | undefined> {
    const challenge = randomBytes(32).toString('base64url');
    const params = { ...introductionOf(key, instance_id), versions: ['mesh.v1'], challenge, ...hello };
    const answer = await talk.ask('mesh/hello', params, { id: 'kit-agent-hello' }).catch(() => undefined);
    return answer && { answer, challenge, dialled };
  }

  async function work(
    skill: OwnSkill,
    { params, frame, talk }: { params: unknown; frame: Frame; talk: Talk },
  ): Promise<unknown> {
    const { _meta, ...own } = isFrame(params) ? params : {};
    const meta = isFrame(_meta) ? _meta : {};
    const routing = isFrame(meta['handoff']) ? meta['handoff'] : {};
    let seq = 0;
    const call: Call = {
      skill,
      params: own,
      meta,
      routing,
      frame,
      talk,
      wall: now(),
      tell(value, more = {}) {
        const own_task = { token: meta['progress_token'], task_id: routing['task_id'] };
        const event = { seq: ++seq, at: new Date(now()).toISOString(), kind: 'thought', value };
        talk.say({ jsonrpc: '2.0', method: '$/progress', params: { ...own_task, ...event, ...more } });
      },
      ask(method, asked, { handoff = {} } = {}) {
        const own_task = { parent_id: routing['task_id'], fence: routing['fence'] };
        return talk.ask(method, { ...asked, _meta: { handoff: { ...own_task, ...handoff } } });
      },
      handOff: (asked, options) => call.ask('handoff', asked, options),
      cancelled: (within_ms) =>
        talk.until(
          () => talk.told.find(({ method, params: about }) => method === '$/cancel' && isOf(about, frame['id'])),
          within_ms,
        ),
    };
    if (calls.length < CALLS_MAX) calls.push(call);
    wake();
    return (handlers.get(skill) ?? echo)(call);
  }

  async function until<T>(find: () => T | undefined, within_ms = answer_ms_max): Promise<T | undefined> {
    let watcher: () => void = () => undefined;
    const found = new Promise<T>((resolve) => {
      watcher = () => {
        const value = find();
        if (value !== undefined) resolve(value);
      };
      watchers.add(watcher);
      watcher();
    });
    try {
      return await within(within_ms, found);
    } finally {
      watchers.delete(watcher);
    }
  }
}

const NAMES = Object.keys(OWN_SKILLS).filter((name): name is OwnSkill => Object.hasOwn(OWN_SKILLS, name));
const echo: Handler = ({ params }) => params;
const isOf = (about: unknown, id: unknown): boolean => isFrame(about) && show(about['id']) === show(id);

/** Requests of one check that are kept. */
const CALLS_MAX = 1_000;
const TALKS_MAX = 100;
