/** What a check holds in its hand: ways to reach the peer as its profile does, what is known of it, and notes of everything said. */
import type { Observe } from './answers.ts';
import { demand, skip } from './check.ts';
import type { Notes } from './exchange.ts';
import { sayHello, type Greeted, type GreetingOptions } from './greeting.ts';
import { askHttp, type HttpAnswer, type HttpAsked } from './http.ts';
import type { Key } from './identity.ts';
import type { Chance } from './chance.ts';
import type { Profile } from './requirements.ts';
import type { Skill, Subject } from './subject.ts';
import { startTalk, type Talk } from './talk.ts';
import { isWire, openWire, type UpgradeAnswer, type Wire, type WireOptions } from './wire.ts';

/** How a connection is opened. */
export type DialOptions = Partial<Pick<WireOptions, 'protocols' | 'headers' | 'early'>>;

/** A conversation whose hello was said. */
export type Greeting = Talk & { readonly greeted: Greeted };

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
  /** A conversation over a wire. */
  talkOver(wire: Wire): Talk;
  /** A conversation as the profile holds it: bare at once, else after hello both ways. */
  talk(options?: DialOptions): Promise<Talk>;
  /** A mesh.v1 conversation whose hello is other than usual. */
  greet(options?: Partial<GreetingOptions>, dial?: DialOptions): Promise<Greeting>;
  http(asked: HttpAsked): Promise<HttpAnswer>;
  /** A skill that reads, with params that fit. Skips when none is known. */
  skill(): Skill;
  /** The key that the peer knows us by. Skips when none was given. */
  key(): Key;
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

/** Takes a probe into the hand. */
export function createProbe({ profile, subject, chance, notes, observe }: ProbeDeps): Probe {
  const { limits, url } = subject;
  const wires: Wire[] = [];
  const protocols = profile === 'bare' ? [] : ['mesh.v1'];

  const upgrade = async (options: DialOptions = {}) => {
    const connection = wires.length + 1;
    const { upgrade_ms_max } = limits;
    const auth = subject.token === undefined ? {} : { authorization: `Bearer ${subject.token}` };
    const headers = { ...auth, ...options.headers };
    const { tls_ca } = subject;
    const opened = await openWire({ url, protocols, ...options, headers, tls_ca, upgrade_ms_max, notes, connection });
    if (isWire(opened)) wires.push(opened);
    return opened;
  };
  const wire = async (options?: DialOptions) => {
    const opened = await upgrade(options);
    demand(isWire(opened), `the upgrade was answered ${isWire(opened) ? 101 : opened.status}`);
    return opened;
  };
  const talkOver = (opened: Wire) =>
    startTalk(opened, { profile, observe, monotonic: subject.monotonic, answer_ms_max: limits.answer_ms_max });
  const greet = async (options: Partial<GreetingOptions> = {}, dial?: DialOptions): Promise<Greeting> => {
    const talk = talkOver(await wire({ protocols: ['mesh.v1'], ...dial }));
    const instance_id = `kit-${chance.token()}`;
    const { dialled } = subject;
    const greeted = await sayHello(talk, { key: subject.key ?? subject.stranger, instance_id, dialled, ...options });
    return Object.assign(talk, { greeted });
  };
  return {
    profile,
    subject,
    chance,
    upgrade,
    wire,
    talkOver,
    talk: async (options) => (profile === 'bare' ? talkOver(await wire(options)) : greet({}, options)),
    greet,
    http: (asked) => askHttp(subject, asked, notes),
    skill: () => subject.skills.find(({ effect }) => effect === 'read') ?? skip(NO_SKILL),
    key: () => subject.key ?? skip(NO_KEY),
    observe,
    async done() {
      await Promise.all(wires.map((opened) => opened.close()));
    },
  };
}

const NO_SKILL =
  'no skill that reads is known: the peer answers no rpc.discover and has no card; name one with --method and --params';
const NO_KEY = 'the peer asks for a key that it has pinned: give it with --key and --id';
