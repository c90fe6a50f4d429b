/** A conversation of JSON-RPC over a wire: what is asked, what is answered, what the peer asks and tells of its own accord. */
import { isFrame, judgeAnswer, type Frame, type Observe } from './answers.ts';
import { Failure, show } from './check.ts';
import { within } from './clock.ts';
import type { Profile } from './requirements.ts';
import type { Wire } from './wire.ts';
import { bytesOf, type Received } from './ws-messages.ts';

/** How a connection ended: its close code, or none when it was just gone. */
export interface End {
  code: number | undefined;
  reason: string;
}

/** A request of the peer is answered with what this returns; an error is thrown as a `Refusal`. */
export type Serve = (params: unknown, frame: Frame) => unknown;

/** An open conversation. */
export interface Talk {
  readonly wire: Wire;
  /** Sends a value as JSON: a frame, a batch, or what is neither. */
  say(value: unknown): void;
  sayText(text: string): void;
  /** Asks and waits for the answer. Throws a Failure when none comes. Its id is a new string unless said. */
  ask(method: string, params?: unknown, options?: AskOptions): Promise<Frame>;
  /** Waits for the answer to an id that was sent with `say`. Throws a Failure when none comes. */
  answerTo(id: unknown, within_ms?: number): Promise<Frame>;
  /** The next message that answers nothing awaited: an answer, or an array of them. Throws a Failure when none comes. */
  next(within_ms?: number): Promise<unknown>;
  /** Whatever came and was not awaited, after one more question was answered: empty when the peer kept silent. */
  unasked(): Promise<unknown[]>;
  /** Answers the peer's requests of that method from now on. */
  serve(method: string, handler: Serve): void;
  /** Requests of the peer, in order. */
  readonly asked: readonly Frame[];
  /** Notifications of the peer, in order. */
  readonly told: readonly Frame[];
  /** Every frame that came, in order: answers, requests and notifications. */
  readonly heard: readonly Frame[];
  /** Waits until what was asked or told satisfies; undefined when it does not in time. */
  until<T>(find: () => T | undefined, within_ms?: number): Promise<T | undefined>;
  /** Pongs and pings that came, their payloads in order. */
  readonly beats: readonly { kind: 'ping' | 'pong'; payload: Buffer; at: number }[];
  /** How it ended; undefined while it is open. */
  readonly end: End | undefined;
  /** Waits for the end. Throws a Failure when the connection still stands. */
  ended(within_ms?: number): Promise<End>;
  close(): Promise<void>;
}

/** How something is asked. */
export interface AskOptions {
  id?: unknown;
  within_ms?: number;
  /** Further members of the request. */
  more?: Frame;
}

/** What a conversation needs. */
export interface TalkDeps {
  profile: Profile;
  observe: Observe;
  monotonic: () => number;
  /** How long an answer may take, ms. */
  answer_ms_max: number;
}

/** Starts a conversation. */
export function startTalk(wire: Wire, { profile, observe, monotonic, answer_ms_max }: TalkDeps): Talk {
  const unclaimed: unknown[] = [];
  const asked: Frame[] = [];
  const told: Frame[] = [];
  const heard: Frame[] = [];
  const beats: { kind: 'ping' | 'pong'; payload: Buffer; at: number }[] = [];
  const serving = new Map<string, Serve>();
  const awaited: { id: unknown; answer: Frame | undefined }[] = [];
  const watchers = new Set<() => void>();
  const said: string[] = [];
  let end: End | undefined;
  let last_id = 0;
  let held_bytes = 0;

  wire.hear((received) => {
    hear(received);
    for (const watcher of [...watchers]) watcher();
  });
  const talk: Talk = {
    wire,
    say: (value) => send(JSON.stringify(value)),
    sayText: send,
    async ask(method, params, { id = `kit-${++last_id}`, within_ms, more } = {}) {
      const answer = awaitAnswer(id, within_ms);
      send(JSON.stringify({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }), ...more }));
      return answer;
    },
    answerTo: awaitAnswer,
    async next(within_ms = answer_ms_max) {
      const find = () => (unclaimed.length > 0 ? { value: unclaimed.shift() } : end && GONE);
      const message = await until(find, within_ms);
      if (!message || message === GONE) throw new Failure(`nothing was answered within ${within_ms} ms${toEnd(end)}`);
      return message.value;
    },
    async unasked() {
      await talk.ask(NO_METHOD);
      return unclaimed.splice(0);
    },
    serve: (method, handler) => void serving.set(method, handler),
    asked,
    told,
    heard,
    until,
    beats,
    get end() {
      return end;
    },
    async ended(within_ms = answer_ms_max) {
      const found = await until(() => end, within_ms);
      if (!found) throw new Failure(`the connection still stood after ${within_ms} ms`);
      return found;
    },
    close: () => wire.close(),
  };
  return talk;

  function keep<T>(list: T[], item: T): void {
    if (list.length < HEARD_MAX && held_bytes <= HELD_BYTES_MAX) list.push(item);
  }

  function send(text: string): void {
    said.push(text.slice(0, SAID_CHARS_MAX));
    if (said.length > SAID_MAX) said.shift();
    wire.sendText(text);
  }

  /** Whether we said that ourselves: who repeats it in an error shows nothing of its own. */
  function wasSaid(text: string): boolean {
    const written = JSON.stringify(text).slice(1, -1);
    return said.some((each) => each.includes(text) || each.includes(written));
  }

  function hear(received: Received): void {
    held_bytes += bytesOf(received);
    if (received.kind === 'text') hearText(received.text);
    else if (received.kind === 'binary') observe('WS-17', 'an answer as a binary message');
    else if (received.kind === 'ping' || received.kind === 'pong') {
      keep(beats, { kind: received.kind, payload: received.bytes, at: monotonic() });
    } else if (received.kind === 'fault') observe(FAULTS[received.what], received.about);
    else if (received.kind === 'close') end ??= { code: received.code, reason: received.reason };
    else end ??= { code: undefined, reason: '' };
  }

  function hearText(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      observe('WS-17', `a message that is no JSON: ${show(text)}`);
      return;
    }
    if (Array.isArray(value)) {
      for (const entry of value as unknown[]) {
        if (!isFrame(entry)) observe('WS-17', `an entry of a batch that is no frame: ${show(entry)}`);
        else if (!isCall(entry)) judgeAnswer(entry, profile, observe, wasSaid);
      }
      keep(unclaimed, value);
    } else if (isFrame(value)) hearFrame(value);
    else observe('WS-17', `a message that is no frame: ${show(value)}`);
  }

  function hearFrame(frame: Frame): void {
    keep(heard, frame);
    if (!isCall(frame)) {
      judgeAnswer(frame, profile, observe, wasSaid);
      claim(frame);
      return;
    }
    if (profile === 'bare') observe('LIFE-03', `a bare connection was told ${show(frame)}`);
    if (!Object.hasOwn(frame, 'id')) {
      keep(told, frame);
      return;
    }
    keep(asked, frame);
    void answer(frame);
  }

  async function answer(frame: Frame): Promise<void> {
    const handler = serving.get(String(frame['method']));
    const about = { jsonrpc: '2.0', id: frame['id'] };
    const greeting = frame['method'] === 'mesh/hello';
    try {
      if (!handler) throw new Refusal(-32601, 'Method not found');
      const result = await handler(frame['params'], frame);
      if (result !== UNANSWERED) wire.sendText(JSON.stringify({ ...about, result: result ?? null }), greeting);
    } catch (reason) {
      const { code, message } = reason instanceof Refusal ? reason : { code: -32603, message: 'Internal error' };
      wire.sendText(JSON.stringify({ ...about, error: { code, message } }), greeting);
    }
  }

  function claim(frame: Frame): void {
    const exact = awaited.findIndex(({ id }) => id === frame['id']);
    // Of another type, but the same to read: whoever asks for the id's type sees it in the frame, nobody else waits in vain.
    const at = exact >= 0 ? exact : awaited.findIndex(({ id }) => id !== null && alike(id, frame['id']));
    if (at < 0) keep(unclaimed, frame);
    else for (const waiting of awaited.splice(at, 1)) waiting.answer = frame;
  }

  async function awaitAnswer(id: unknown, within_ms = answer_ms_max): Promise<Frame> {
    const waiting: (typeof awaited)[number] = { id, answer: undefined };
    awaited.push(waiting);
    const answer = await until(() => waiting.answer ?? (end && GONE), within_ms);
    if (answer && answer !== GONE) return answer;
    const at = awaited.indexOf(waiting);
    if (at >= 0) awaited.splice(at, 1);
    throw new Failure(`${show(id)} was not answered within ${within_ms} ms${toEnd(end)}`);
  }

  async function until<T>(find: () => T | undefined, within_ms = answer_ms_max): Promise<T | undefined> {
    let watcher: () => void = () => undefined;
    const found = new Promise<T>((resolve) => {
      watcher = () => {
        const value = find();
        if (value === undefined) return;
        watchers.delete(watcher); // at once: what else came in the same piece is not for this one
        resolve(value);
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

/** What a handler throws to answer with an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a handler returns that lets a request of the peer wait for ever. */
export const UNANSWERED = Symbol('unanswered');

/** A method that no peer has. */
export const NO_METHOD = 'no_such_method_of_this_kit';

const GONE: Frame = {};
const FAULTS = {
  masked: 'WS-15',
  unmasked: 'ROUTE-25',
  reserved: 'WS-16',
  close_code: 'WS-03',
  utf8: 'WS-17',
  fragments: 'WS-16',
} as const;

/** The same to read: 1 and "1". */
const alike = (left: unknown, right: unknown): boolean => plain(left) === plain(right);
const plain = (id: unknown): string => (typeof id === 'string' ? id : show(id));

const isCall = (frame: Frame): boolean => typeof frame['method'] === 'string';
const toEnd = (end: End | undefined): string =>
  end ? `: the connection ended${end.code === undefined ? '' : ` with ${end.code} ${end.reason}`}` : '';

const HEARD_MAX = 20_000;
/** What we said ourselves is remembered for as many messages, and of each so much. */
const SAID_MAX = 32;
const SAID_CHARS_MAX = 65_536;
/** What is kept of one conversation. */
const HELD_BYTES_MAX = 33_554_432;
