/** Live streams: who may follow, what they missed, what comes, and an end to whoever reads too slowly (requirements.md T07). */
import type { IncomingMessage } from 'node:http';
import { BARE_LINK_LIMITS, type Link, type LinkLimits } from '../mesh/index.ts';
import {
  admits,
  AuroraError,
  invalidParams,
  pathNames,
  StreamQuery,
  type Caller,
  type StreamSpec,
} from '../protocol/index.ts';
import { gapFor, toIso, type Bus, type BusEvent, type Clock, type Log, type Metrics } from '../seams/index.ts';
import type { StoredSettings } from '../soc/index.ts';
import { isWrongProof, type Authority, type Identified } from './authority.ts';
import { createBacklogs } from './backlogs.ts';
import { budgetHeaders, budgetOf, strangersBudget, type RateLimiter } from './rate.ts';
import { remoteOf } from './remote.ts';
import { queryOf } from './secrets.ts';
import type { Tickets } from './tickets.ts';

/** The streams of one API. */
export interface StreamHub {
  /** Judges an upgrade: throws what is answered instead of the 101. */
  admit(request: IncomingMessage): Promise<LinkLimits>;
  onLink(link: Link, request: IncomingMessage): void;
  /** What was left of a budget when that upgrade was counted, for its answer. */
  headersOf(request: object): Record<string, string>;
  /** Whether a stream is at that path, for whoever asks without an upgrade. */
  isStream(pathname: string): boolean;
  /** Looks again who may still follow; called after rights changed, and every two seconds. */
  recheck(): void;
  readonly count: number;
  close(): void;
}

/** How many may follow, and how far behind. */
export interface StreamLimits {
  streams_max: number;
  streams_per_caller_max: number;
  /** What all followers together may not have taken yet, bytes: 128 MiB; over it the largest backlogs are cut. */
  backlog_bytes_max: number;
}

/** The bounds unless said. */
export const STREAM_LIMITS: StreamLimits = {
  streams_max: 5_000,
  streams_per_caller_max: 200,
  backlog_bytes_max: 134_217_728,
};

/** What streams are made of. */
export interface StreamDeps {
  streams: readonly (readonly [string, StreamSpec])[];
  bus: Bus;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  authority: Authority;
  tickets: Tickets;
  /** Whether there is an agent of that id, at work or away. */
  isAgent: (agent_id: string) => boolean;
  /** The counters that requests are counted with too, and the budgets of the moment. */
  limiter: RateLimiter;
  budgets: () => StoredSettings['limits'];
  /** CIDR blocks of proxies whose X-Forwarded-For counts. */
  proxies: readonly string[];
  limits?: StreamLimits;
}

/** Makes the hub. */
export function createStreams(deps: StreamDeps): StreamHub {
  const { bus, clock, log, metrics, authority, limiter, budgets, limits = STREAM_LIMITS } = deps;
  const doors = deps.streams.map(([name, spec]) => ({ name, spec, match: matcherOf(spec.path) }));
  const admitted = new WeakMap<IncomingMessage, Admitted>();
  const counts = new WeakMap<object, Record<string, string>>();
  const followers = new Set<Follower>();
  const backlogs = createBacklogs<Follower>(limits.backlog_bytes_max, (follower) => {
    cut(follower, 'it was furthest behind while all together held back too much');
  });
  const by_caller = new Map<string, number>();
  let is_open = true;
  let [is_checking, is_due] = [false, false];

  every(HEARTBEAT_MS, beat);
  every(CHECK_MS, recheck);
  every(PROGRESS_LOOK_MS, cutStalled);

  return {
    admit,
    onLink,
    headersOf: (request) => counts.get(request) ?? {},
    isStream: (pathname) => doors.some(({ match }) => match(pathname) !== undefined),
    recheck,
    get count() {
      return followers.size;
    },
    close() {
      is_open = false;
      for (const { link } of followers) link.close(1001, 'going away');
    },
  };

  /* ---- before the 101 ---- */

  async function admit(request: IncomingMessage): Promise<LinkLimits> {
    if (!is_open) throw new AuroraError(5030, { retry_after_ms: RETRY_AFTER_MS });
    const { spec, params, query } = await askedOf(request);
    const who = await counted(request, query);
    if (!admits(spec.permission, who.caller) || !admits(spec.shows, who.caller)) {
      throw new AuroraError(4030, { message: `This stream needs ${spec.shows}`, detail: { permission: spec.shows } });
    }
    const { agent_id } = params;
    if (agent_id !== undefined && !deps.isAgent(agent_id)) throw new AuroraError(4043, { detail: { agent_id } });
    const own = by_caller.get(who.caller.sub) ?? 0;
    if (own >= limits.streams_per_caller_max || followers.size >= limits.streams_max) {
      throw new AuroraError(5030, { message: 'Too many streams are open', retry_after_ms: RETRY_AFTER_MS });
    }
    const topic = Object.entries(params).reduce((text, [name, value]) => text.replace(`{${name}}`, value), spec.topic);
    admitted.set(request, { who, spec, topic, after_seq: query.after_seq });
    return LIMITS;
  }

  /** What an upgrade asks for. Whoever asks for what is not there pays for it as well. */
  async function askedOf(request: IncomingMessage) {
    try {
      return parseAsked(request.url);
    } catch (refusal) {
      await counted(request, {}).catch((reason: unknown) => {
        if (!isWrongProof(reason)) throw reason; // a wrong proof is counted
      });
      throw refusal;
    }
  }

  function parseAsked(url = '/') {
    const [pathname = ''] = url.split('?', 1);
    const door = doors.find(({ match }) => match(pathname));
    const params = door?.match(pathname);
    if (!door || !params) throw new AuroraError(4040, { message: 'No such stream' });
    return { spec: door.spec, params, query: parseQuery(queryOf(url)) };
  }

  /** An upgrade costs what a request costs, from the same budget (ATK-I1, B8). */
  async function counted(request: IncomingMessage, query: StreamQuery): Promise<Identified> {
    let who: Identified;
    try {
      who = await whoAsks(request, query);
    } catch (reason) {
      if (isWrongProof(reason)) take(request, ...strangersBudget(remoteOf(request, deps.proxies), budgets()));
      throw reason;
    }
    take(request, ...budgetOf(who.caller, budgets()));
    return who;
  }

  function take(request: object, name: string, limit: number): void {
    const budget = limiter.take(name, limit);
    counts.set(request, budgetHeaders(budget));
    if (budget.is_over) throw new AuroraError(4290, { retry_after_ms: budget.retry_after_ms });
  }

  /** A ticket, or a header; a token in the address is refused, for addresses are written down everywhere (ATK-B15). */
  async function whoAsks(request: IncomingMessage, { ticket }: StreamQuery): Promise<Identified> {
    if (ticket === undefined) return authority.identify(request.headers);
    const who = deps.tickets.redeem(ticket);
    const caller = await authority.again(who.caller);
    if (!caller) throw new AuroraError(4010, { message: 'This session has ended: sign in again' });
    return { ...who, caller };
  }

  /* ---- following ---- */

  function onLink(link: Link, request: IncomingMessage): void {
    const asked = admitted.get(request);
    if (!asked) {
      link.cut();
      return;
    }
    const { who, spec, topic, after_seq } = asked;
    const follower: Follower = {
      link,
      who,
      spec,
      topic,
      seq: after_seq ?? bus.lastSeq(topic),
      is_catching_up: true,
      sent: 0,
      taken: 0,
      moved_at: clock.monotonic(),
      heard: 0,
    };
    const stop = bus.listen(topic, () => pump(follower));
    enter(follower);
    link.attach({
      onText: () => hear(follower),
      onDrain: () => pump(follower),
      onClose(code) {
        stop();
        leave(follower);
        log.debug({ sub: who.caller.sub, topic, code }, 'a stream ended');
      },
    });
    send(follower, heartbeat(follower));
    pump(follower);
    follower.is_catching_up = false;
  }

  /** Sends what is there, until the link is full: the rest stays in the topic, shared by all. */
  function pump(follower: Follower): void {
    const { link, topic } = follower;
    while (link.open && link.unsent_bytes < HIGH_WATER_BYTES) {
      const event = bus.next(topic, follower.seq);
      if (!event) return;
      if (event.type === 'gap' && !follower.is_catching_up) {
        cut(follower, 'it fell behind all that is kept');
        return;
      }
      follower.seq = event.seq;
      send(follower, (isTooLarge(event) ? gapFor(event) : event).text);
    }
  }

  function send(follower: Follower, text: string): void {
    follower.sent += Buffer.byteLength(text); // as the link counts what it has not sent
    follower.link.send(text);
    if (follower.link.open) backlogs.grew(follower);
  }

  /** Nothing that a follower says means anything; who says much is not following. */
  function hear(follower: Follower): void {
    follower.heard += 1;
    if (follower.heard > HEARD_MAX) follower.link.close(4029, 'streams are for reading');
  }

  function enter(follower: Follower): void {
    const { sub } = follower.who.caller;
    followers.add(follower);
    by_caller.set(sub, (by_caller.get(sub) ?? 0) + 1);
    metrics.gauge('streams_open', followers.size);
  }

  function leave(follower: Follower): void {
    if (!followers.delete(follower)) return;
    backlogs.forget(follower);
    const { sub } = follower.who.caller;
    const left = (by_caller.get(sub) ?? 1) - 1;
    if (left > 0) by_caller.set(sub, left);
    else by_caller.delete(sub);
    metrics.gauge('streams_open', followers.size);
  }

  /* ---- now and then ---- */

  function beat(): void {
    for (const follower of followers) {
      follower.heard = 0;
      if (follower.link.unsent_bytes < HIGH_WATER_BYTES) send(follower, heartbeat(follower));
    }
  }

  function heartbeat({ topic }: Follower): string {
    const seq = bus.lastSeq(topic);
    return JSON.stringify({ type: 'heartbeat', seq, at: toIso(clock.now()), id: null, data: null });
  }

  function cutStalled(): void {
    const now = clock.monotonic();
    for (const follower of followers) {
      const taken = follower.sent - follower.link.unsent_bytes;
      if (follower.link.unsent_bytes === 0 || taken > follower.taken) follower.moved_at = now;
      follower.taken = taken;
      if (now - follower.moved_at >= STALL_MS_MAX) cut(follower, 'it took nothing for 30 s');
    }
  }

  function cut({ link, topic, who }: Follower, why: string): void {
    metrics.count('streams_cut_total');
    log.info({ sub: who.caller.sub, topic, why }, 'a slow reader was cut');
    link.close(1013, 'this follower reads too slowly');
  }

  function recheck(): void {
    // Whoever is being looked up may have been found as they were before this.
    is_due = is_checking;
    if (is_checking) return;
    is_checking = true;
    const asked = new Map<string, Promise<Caller | undefined>>();
    const checks = [...followers].map(async (follower) => {
      const { who, spec, link } = follower;
      if (who.until !== undefined && who.until <= clock.now()) {
        link.close(4001, 'the token expired');
        return;
      }
      const proof = who.caller.session_id ?? who.caller.key_id ?? '';
      const again = asked.get(proof) ?? authority.again(who.caller);
      asked.set(proof, again);
      const caller = await again;
      if (!caller) link.close(4001, 'signed out');
      else if (!admits(spec.shows, caller)) link.close(4003, 'no longer allowed');
    });
    Promise.all(checks)
      .catch((err: unknown) => log.warn({ err }, 'it could not be looked up who may still follow'))
      .finally(() => {
        is_checking = false;
        if (is_due) recheck();
      });
  }

  function every(ms: number, act: () => void): void {
    clock.after(ms, () => {
      if (!is_open) return;
      act();
      every(ms, act);
    });
  }
}

interface Admitted {
  who: Identified;
  spec: StreamSpec;
  topic: string;
  after_seq: number | undefined;
}

interface Follower extends Omit<Admitted, 'after_seq'> {
  link: Link;
  /** The last number that was sent. */
  seq: number;
  /** While it is told what it missed a gap is said; later one would mean that it does not read. */
  is_catching_up: boolean;
  /** Bytes given to the link, and of them what it took as seen last. */
  sent: number;
  taken: number;
  moved_at: number;
  heard: number;
}

/** More than a link holds: whoever was sent it would be cut, and again when it came back for it. */
const isTooLarge = ({ text }: BusEvent): boolean =>
  text.length * 3 > HIGH_WATER_BYTES && Buffer.byteLength(text) > HIGH_WATER_BYTES;

/** Numbers come as text; a name that is not known here may be a secret, so it is named and its value is not. */
function parseQuery(query: URLSearchParams): StreamQuery {
  const { after_seq, ...rest } = Object.fromEntries(query);
  const seq = after_seq !== undefined && /^\d{1,16}$/.test(after_seq) ? Number(after_seq) : after_seq;
  const parsed = StreamQuery.safeParse({ ...rest, ...(after_seq !== undefined && { after_seq: seq }) });
  if (parsed.success) return parsed.data;
  throw invalidParams(parsed.error, { code: 4220 });
}

/** The parameters of a path that fits; the prefix may be left out, as the reference writes it. */
function matcherOf(path: string): (pathname: string) => Record<string, string> | undefined {
  const names = pathNames(path);
  const own = path.replace(PREFIX, '').replaceAll(/\{\w+\}/g, '([A-Za-z0-9_-]{1,64})');
  const shape = new RegExp(`^(?:${PREFIX})?${own}$`);
  return (pathname) => {
    const found = shape.exec(pathname);
    return found ? Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ''])) : undefined;
  };
}

/** A link holds half of this before it is full, and goes on when it took that. */
const LIMITS: LinkLimits = { ...BARE_LINK_LIMITS, frame_bytes_max: 4_096, unsent_bytes_max: 1_048_576 };
const HIGH_WATER_BYTES = LIMITS.unsent_bytes_max / 2;
const PREFIX = '/api/v1';
const HEARTBEAT_MS = 20_000;
const CHECK_MS = 2_000;
const PROGRESS_LOOK_MS = 5_000;
const STALL_MS_MAX = 30_000;
const RETRY_AFTER_MS = 5_000;
/** Frames that a follower may send between two heartbeats. */
const HEARD_MAX = 60;
