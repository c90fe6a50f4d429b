/** A visit to a peer: one open conversation, what the peer says it can do, and everything said kept. */
import type { Frame } from './answers.ts';
import { now } from './clock.ts';
import { createChance } from './chance.ts';
import { discover, skillsIn } from './discover.ts';
import { cutNote, type Exchanged } from './exchange.ts';
import { introducedIn } from './greeting.ts';
import type { Key } from './identity.ts';
import { createProbe } from './probe.ts';
import { toVisitReplay, type Replay } from './replay.ts';
import type { Profile } from './requirements.ts';
import { toSubject, type ConformOptions } from './run.ts';
import type { Skill } from './subject.ts';
import type { Trust } from './trust.ts';

/** Whom to visit, and as whom. */
export interface VisitOptions extends Trust {
  url: string;
  profile: Profile;
  key?: Key | undefined;
  token?: string | undefined;
  /** How long an answer may take, ms: 60 000. */
  answer_ms_max?: number | undefined;
  /** Hears everything that is sent, comes, or happens. */
  onNote?: ((note: Exchanged) => void) | undefined;
}

/** An open visit. */
export interface Visit {
  readonly profile: Profile;
  /** What the peer said of itself in its hello; undefined on a bare link. */
  readonly introduced: Frame | undefined;
  readonly document: Frame | undefined;
  readonly card: Frame | undefined;
  readonly skills: readonly Skill[];
  /** Asks, and answers the whole answer: result or error. Throws when none comes. */
  ask(method: string, params?: unknown): Promise<Frame>;
  /** Sends any text as one message. */
  say(text: string): Promise<void>;
  /** Whether the connection still stands; another is opened by the next `ask` or `say` otherwise. */
  isOpen(): boolean;
  recording(): Replay;
  close(): Promise<void>;
}

/** Dials and looks around. Rejects when nobody answers, or hello is refused. */
export async function visit({ profile, onNote, ...options }: VisitOptions): Promise<Visit> {
  const began = now();
  const kept: Exchanged[] = [];
  let kept_bytes = 0;
  const keep = (note: Exchanged) => {
    if (kept_bytes > KEPT_BYTES_MAX || kept.length >= KEPT_MAX) return;
    const entry = { ...note, ...cutNote(note) };
    kept_bytes += Buffer.byteLength(JSON.stringify(entry, null, 2)) + NOTE_BYTES_MORE;
    if (kept_bytes <= KEPT_BYTES_MAX && kept.length < KEPT_MAX - 1) kept.push(entry);
    else {
      kept_bytes = Infinity;
      kept.push({ connection: note.connection, at_ms: note.at_ms, kind: 'event', text: 'more was not kept' });
    }
  };
  const add = (note: Omit<Exchanged, 'at_ms'>) => {
    const whole = { ...note, at_ms: Math.max(0, Math.round(now() - began)) };
    keep(whole);
    onNote?.(whole);
  };
  const asked: ConformOptions = { ...options, answer_ms_max: options.answer_ms_max ?? ANSWER_MS_MAX };
  const probe = createProbe({
    profile,
    subject: toSubject(asked, 0),
    chance: createChance(began),
    notes: { all: kept, add },
    observe: () => undefined,
  });
  const start = async () => {
    if (profile === 'bare') return { talk: await probe.talk(), introduced: undefined };
    const talk = await probe.greet();
    return { talk, introduced: introducedIn(talk.greeted) };
  };
  try {
    let { talk, introduced } = await start();
    const found = await discover(probe, talk);
    const reach = async () => {
      if (talk.end) ({ talk, introduced } = await start());
      return talk;
    };
    return {
      profile,
      get introduced() {
        return introduced;
      },
      ...found,
      skills: skillsIn(found, createChance(SEED)),
      ask: async (method, params) => (await reach()).ask(method, params),
      say: async (text) => (await reach()).sayText(text),
      isOpen: () => talk.end === undefined,
      recording: () => toVisitReplay({ url: options.url, profile }, kept),
      close: () => probe.done(),
    };
  } catch (reason) {
    await probe.done();
    throw reason;
  }
}

/** Where params are made from a schema: the same every time. */
const SEED = 1;
const ANSWER_MS_MAX = 60_000;
const KEPT_MAX = 10_000;
/** Of the recording as a file, with room to spare below the 16 MiB that a replay takes. */
const KEPT_BYTES_MAX = 15_728_640;
/** How far in a note stands in that file. */
const NOTE_BYTES_MORE = 128;
