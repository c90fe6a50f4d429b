/** Sends a recording again, connection by connection and in its order, and holds what comes against what came then. */
import { isFrame, type Frame } from './answers.ts';
import { monotonic, pass, within } from './clock.ts';
import { CUT, ENDED, RAW_CHARS_MAX, type Exchanged } from './exchange.ts';
import { askHttp } from './http.ts';
import type { Key } from './identity.ts';
import { createRenaming, isLike } from './likeness.ts';
import type { Replay } from './replay.ts';
import { createReplayedGreeting } from './replayed-greeting.ts';
import { trustIn, type Trust } from './trust.ts';
import { isWire, openWire } from './upgrade.ts';
import type { Wire } from './wire.ts';

/** What is sent again, to whom and as whom. */
export interface ReplayOptions extends Trust {
  recording: Replay;
  /** Where to; where it was recorded unless said. */
  url?: string | undefined;
  key?: Key | undefined;
  token?: string | undefined;
  /** How long an answer may take beyond the time it took then, ms: 5 000. */
  answer_ms_max?: number | undefined;
  /** Hears each line as it comes. */
  onLine?: ((line: ReplayLine) => void) | undefined;
}

/** How a line stands to the recording: `later` came after the recording ended and counts for nothing, nor does a `ping`. */
export type Likeness = 'sent' | 'same' | 'different' | 'missing' | 'more' | 'later' | 'unsent';

/** One line of a replay. */
export interface ReplayLine {
  likeness: Likeness;
  /** What happened now; of what is missing, what happened then. */
  note: Exchanged;
  /** What came then, where that was different; or why it was not sent. */
  then?: string;
}

/** What became of a replay, line by line. */
export interface Replayed {
  /** Nothing was different, missing, more, or left unsent. */
  same: boolean;
  lines: ReplayLine[];
}

/** Sends a recording again, message by message. Rejects when nobody answers at the address. */
export async function replay(options: ReplayOptions): Promise<Replayed> {
  const { recording, key, url = recording.url } = options;
  const grace_ms = options.answer_ms_max ?? ANSWER_MS_MAX;
  const greeting = createReplayedGreeting(recording, { key, url_now: url });
  const renaming = createRenaming();
  const wires = new Map<number, Wire>();
  const ended = new Set<number>();
  const hellos = new Map<number, Frame>();
  const came: Exchanged[] = [];
  const lines: ReplayLine[] = [];
  const began = monotonic();
  let onCame: () => void = () => undefined;

  const tell = (line: ReplayLine) => {
    lines.push(line);
    options.onLine?.(line);
  };
  const hear = (said: Omit<Exchanged, 'at_ms'>) => {
    const note = { ...said, at_ms: Math.round(monotonic() - began) };
    if (note.kind === 'sent' || note.text === CUT || note.upgrade) {
      tell({ likeness: 'sent', note });
      return;
    }
    if (note.text === 'the connection ended') ended.add(note.connection);
    const frame = note.kind === 'received' ? toFrame(note.text) : undefined;
    if (frame?.['method'] === 'mesh/hello') hellos.set(note.connection, frame);
    if (came.length < CAME_MAX) came.push(note);
    onCame();
  };
  const notes = { all: [], add: hear };
  const limits = { answer_ms_max: grace_ms, upgrade_ms_max: grace_ms };
  const auth = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };

  /** Waits until something is so, at most that long. */
  const until = async <T>(find: () => T | undefined, ms: number): Promise<T | undefined> => {
    const end = monotonic() + ms;
    for (let found = find(); ; found = find()) {
      if (found !== undefined || monotonic() >= end) return found;
      await within(end - monotonic(), new Promise<void>((resolve) => (onCame = resolve)));
    }
  };

  const dial = async ({ connection, upgrade }: Exchanged) => {
    ended.delete(connection);
    const { protocols = recording.profile === 'bare' ? [] : ['mesh.v1'], headers = {}, early } = upgrade ?? {};
    const opened = await openWire({
      url,
      protocols,
      headers: {
        ...auth,
        ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? undefined])),
      },
      ...(early !== undefined && { early: Buffer.from(early, 'base64') }),
      ...trustIn(options),
      upgrade_ms_max: limits.upgrade_ms_max,
      notes,
      connection,
    });
    if (isWire(opened)) wires.set(connection, opened);
    else ended.add(connection);
  };

  /** Nobody there at the first dial is no replay; at a later one it is what happened. */
  const orTell =
    ({ connection }: Exchanged) =>
    (reason: unknown) => {
      if (lines.every(({ note }) => note.kind === 'event')) throw reason;
      ended.add(connection);
      hear({ connection, kind: 'event', text: reason instanceof Error ? reason.message : String(reason) });
    };

  const sendAgain = async (note: Exchanged): Promise<void> => {
    const { connection, text, raw, bytes } = note;
    const unsent = (then: string): void => tell({ likeness: 'unsent', note, then });
    if (connection === 0) {
      const [method = 'GET', path = '/'] = text.split(' ');
      await askHttp({ url, limits, token: options.token, ...trustIn(options) }, { method, path }, notes).catch(
        (reason: unknown) => hear({ connection, kind: 'event', text: String(reason) }),
      );
      return;
    }
    const wire = wires.get(connection);
    if (!wire) {
      unsent('this connection is not open');
      return;
    }
    if (raw !== undefined) {
      if (raw.length >= RAW_CHARS_MAX) {
        unsent('only its beginning was recorded');
        return;
      }
      wire.sendBytes(Buffer.from(raw, 'base64'));
      return;
    }
    if (bytes !== undefined) {
      unsent('only its beginning was recorded');
      return;
    }
    if (!note.greeting) {
      wire.sendText(renaming.apply(text));
      return;
    }
    const is_hello = toFrame(text)?.['method'] === 'mesh/hello';
    const asked = is_hello ? {} : await until(() => hellos.get(connection), grace_ms);
    if (!asked) {
      unsent('the peer said no hello');
      return;
    }
    wire.sendText((is_hello ? greeting.hello(text) : greeting.answer(text, connection, asked)) ?? text, true);
  };

  /** Takes what came in the place of a note: its like, else whatever came on that connection. */
  const compare = async (recorded: Exchanged, gap_ms: number): Promise<void> => {
    const on = (note: Exchanged) => note.connection === recorded.connection && !isPing(note);
    const like = () => came.find((note) => on(note) && isLike(recorded, note));
    const some = () => like() ?? came.find(on) ?? (ended.has(recorded.connection) ? null : undefined);
    const first = await until(some, gap_ms + grace_ms);
    const found =
      (first && isLike(recorded, first) ? first : await until(like, first === null ? 0 : OTHER_ORDER_MS_MAX)) ?? first;
    if (!found) {
      tell({ likeness: 'missing', note: recorded });
      return;
    }
    came.splice(came.indexOf(found), 1);
    renaming.learn(recorded.text, found.text);
    const same = isLike(recorded, found);
    tell({ likeness: same ? 'same' : 'different', note: found, ...(!same && { then: recorded.text }) });
  };

  let last_at = 0;
  /** How long the check waited in vain at its end, ms: then silence was what it heard. */
  let silence_ms = 0;
  try {
    for (const recorded of recording.exchanged) {
      const gap_ms = recording.requirement === undefined ? 0 : Math.min(GAP_MS_MAX, recorded.at_ms - last_at);
      if (recorded.text === ENDED) silence_ms = gap_ms;
      last_at = recorded.at_ms;
      if (recorded.text === ENDED || isPing(recorded)) continue;
      if (recorded.kind === 'sent' || recorded.text === CUT || recorded.text.startsWith('dialled ')) {
        if (gap_ms >= PAUSE_MS_MIN) await pass(gap_ms);
        if (recorded.text === CUT) wires.get(recorded.connection)?.cut();
        else if (recorded.kind === 'sent') await sendAgain(recorded);
        else await dial(recorded).catch(orTell(recorded));
      } else await compare(recorded, Math.max(0, gap_ms));
    }
    await pass(Math.max(LINGER_MS, silence_ms));
    const counts = silence_ms >= PAUSE_MS_MIN;
    for (const note of came) tell({ likeness: counts && !isPing(note) ? 'more' : 'later', note });
  } finally {
    await Promise.all([...wires.values()].map((wire) => wire.close()));
  }
  return { same: lines.every(({ likeness }) => LIKE.has(likeness)), lines };
}

const LIKE = new Set<Likeness>(['sent', 'same', 'later']);

/** Pings come when the clock says so, not because of what was sent. */
const isPing = ({ kind, text }: Exchanged): boolean => kind === 'event' && text.startsWith('a ping of ');

function toFrame(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFrame(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const ANSWER_MS_MAX = 5_000;
/** Answers of requests that ran side by side may change places. */
const OTHER_ORDER_MS_MAX = 250;
/** A pause of then that is kept now. */
const PAUSE_MS_MIN = 250;
const GAP_MS_MAX = 60_000;
const LINGER_MS = 200;
const CAME_MAX = 10_000;
