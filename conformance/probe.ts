/** What a check holds in its hand: ways to reach the peer as its profile does, what is known of it, and notes of everything said. */
import type { Observe } from './answers.ts';
import { demand, skip } from './check.ts';
import { createEnlisting, type Enlisting } from './enlisting.ts';
import type { Notes } from './exchange.ts';
import { sayHello, type Greeting, type GreetingOptions } from './greeting.ts';
import { askHttp, type HttpAnswer, type HttpAsked } from './http.ts';
import type { Key } from './identity.ts';
import type { Chance } from './chance.ts';
import type { Profile } from './requirements.ts';
import type { Skill, Subject } from './subject.ts';
import { startTalk, type Talk } from './talk.ts';
import { trustIn } from './trust.ts';
import { isWire, openWire, type UpgradeAnswer, type WireOptions } from './upgrade.ts';
import type { Wire } from './wire.ts';

/** How a connection is opened. */
export type DialOptions = Partial<Pick<WireOptions, 'url' | 'protocols' | 'headers' | 'early'>>;

/** What a check is given. */
export interface Probe {
  readonly profile: Profile;
  readonly subject: Subject;
  /** Chance of this check alone: the same seed is the same run. */
  readonly chance: Chance;
  /** Opens a WebSocket and says nothing: the profile's subprotocol is offered unless said. */
  upgrade(options?: DialOptions): Promise<Wire | UpgradeAnswer>;
  /** The same, and it must be agreed to. */
  wire(options?: DialOptions): Promise<Wire>;
  /** A conversation over a wire; what is answered is judged by the profile, unless said. */
  talkOver(wire: Wire, as?: Profile): Talk;
  /** A mesh.v1 conversation in which nothing was said yet, no hello either. */
  silent(): Promise<Talk>;
  /** A conversation as the profile holds it: bare at once, else after hello both ways. Skips when a key is asked for and none was given. */
  talk(options?: DialOptions): Promise<Talk>;
  /** A mesh.v1 conversation whose hello is other than usual. */
  greet(options?: Partial<GreetingOptions>, dial?: DialOptions): Promise<Greeting>;
  http(asked: HttpAsked): Promise<HttpAnswer>;
  /** A skill that reads, with params that fit. Skips when none is known. */
  skill(): Skill;
  /** The key that the peer knows us by. Skips when none was given. */
  key(): Key;
  /** Ways of being an agent of the fleet, to see what an orchestrator sends to one. */
  readonly enlisting: Enlisting;
  observe: Observe;
  /** Ends every connection that was opened. */
  done(): Promise<void>;
}

/** What a probe is made of. */
export interface ProbeDeps {
  profile: Profile;
  subject: Subject;
  chance: Chance;
  notes: Notes;
  observe: Observe;
}

/** A probe for one check; it dials nothing before it is asked to. */
export function createProbe({ profile, subject, chance, notes, observe }: ProbeDeps): Probe {
  const { limits, url } = subject;
  const wires: Wire[] = [];
  let dials = 0;
  const protocols = profile === 'bare' ? [] : ['mesh.v1'];

  const upgrade = async (options: DialOptions = {}) => {
    const connection = ++dials;
    const { upgrade_ms_max } = limits;
    const auth = subject.token === undefined ? {} : { authorization: `Bearer ${subject.token}` };
    const headers = { ...auth, ...options.headers };
    const trust = trustIn(subject);
    const opened = await openWire({ url, protocols, ...options, headers, ...trust, upgrade_ms_max, notes, connection });
    if (isWire(opened)) wires.push(opened);
    return opened;
  };
  const wire = async (options?: DialOptions) => {
    const opened = await upgrade(options);
    demand(isWire(opened), `the upgrade was answered ${isWire(opened) ? 101 : opened.status}`);
    return opened;
  };
  const talkOver = (opened: Wire, as = profile) =>
    startTalk(opened, { profile: as, observe, monotonic: subject.monotonic, answer_ms_max: limits.answer_ms_max });
  const silent = async () => talkOver(await wire({ protocols: ['mesh.v1'] }));
  const greet = async (options: Partial<GreetingOptions> = {}, dial?: DialOptions): Promise<Greeting> => {
    const talk = talkOver(await wire({ protocols: ['mesh.v1'], ...dial }));
    const instance_id = `kit-${chance.token()}`;
    const { dialled } = subject;
    const greeted = await sayHello(talk, { key: subject.key ?? subject.stranger, instance_id, dialled, ...options });
    return Object.assign(talk, { greeted });
  };
  const key = () => subject.key ?? skip(NO_KEY);
  const enlisting = createEnlisting({ subject, notes, observe, greet, operatorKey: key });
  return {
    profile,
    subject,
    chance,
    upgrade,
    wire,
    talkOver,
    silent,
    async talk(options) {
      if (profile === 'bare') return talkOver(await wire(options));
      const talk = await greet({}, options);
      await untilKnown(talk);
      if (!subject.key && (await isTurnedAway(talk))) skip(NO_KEY);
      return talk;
    },
    greet,
    http: (asked) => askHttp(subject, asked, notes),
    skill: () => subject.skills.find(({ effect }) => effect === 'read') ?? skip(NO_SKILL),
    key,
    enlisting,
    observe,
    async done() {
      await enlisting.done();
      await Promise.all(wires.map((opened) => opened.close()));
    },
  };
}

/** Waits until the peer has asked who we are, and so was told: whatever is sent from now on comes after that. Nothing when it did not ask in time. */
export const untilKnown = (talk: Talk): Promise<unknown> =>
  talk.until(() => talk.asked.find(({ method }) => method === 'mesh/hello') ?? talk.end, ASKED_MS_MAX);

/** Whether the peer wants nothing of who said hello. It judges the proof after it heard it, so it is asked twice. */
async function isTurnedAway(talk: Talk): Promise<boolean> {
  await talk.ask('rpc.ping').catch(() => undefined);
  await talk.ask('rpc.ping').catch(() => undefined);
  return talk.end !== undefined;
}

/** How long a peer may take to ask who we are, ms. */
const ASKED_MS_MAX = 500;
const NO_SKILL =
  'no skill that reads is known: the peer answers no rpc.discover and has no card; name one with --method and --params';
const NO_KEY = 'the peer asks for a key that it has pinned: give it with --key and --id';
