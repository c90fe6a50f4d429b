/** A peer over a link in memory whose other end is held by the test: raw frames in, raw frames out. */
import {
  createMethods,
  createPeer,
  memoryLink,
  type FrameQuota,
  type Link,
  type MethodHandler,
  type NotificationHandler,
  type Peer,
  type PeerDeps,
  type PeerLimits,
} from '../../mesh/index.ts';
import { countingIds, countingMetrics, manualClock, memoryLog, type ManualClock } from '../../seams/index.ts';
import { record, type Recorder } from './recorder.ts';

/** The peer under test and the end that speaks to it. */
export interface RawPeer {
  peer: Peer;
  /** Our end of the link, and everything that came out of it. */
  link: Link;
  heard: Recorder;
  clock: ManualClock;
  log: ReturnType<typeof memoryLog>;
  metrics: ReturnType<typeof countingMetrics>;
  /** Sends text as it is, or a value as JSON. */
  say(frame: unknown): void;
  /** Says it and answers the frames that come back, once nothing moves any more. */
  ask(frame: unknown): Promise<unknown[]>;
  /** What came out so far, parsed. */
  frames(): unknown[];
}

/** Joins both ends; `bare` unless a protocol is given. */
export function rawPeer(
  options: {
    protocol?: string;
    methods?: Record<string, MethodHandler>;
    notifications?: Record<string, NotificationHandler>;
    limits?: Partial<PeerLimits>;
    quota?: FrameQuota;
    onClosed?: PeerDeps['onClosed'];
    more?: Partial<PeerDeps>;
  } = {},
): RawPeer {
  const clock = manualClock();
  const log = memoryLog();
  const metrics = countingMetrics();
  const [link, far] = memoryLink({ protocol: options.protocol ?? '', clock });
  const peer = createPeer({
    link: far,
    clock,
    log,
    metrics,
    ids: countingIds(),
    methods: createMethods(new Map(Object.entries(options.methods ?? {}))),
    notifications: new Map(Object.entries(options.notifications ?? {})),
    ...(options.limits && { limits: options.limits }),
    ...(options.quota && { quota: options.quota }),
    ...(options.onClosed && { onClosed: options.onClosed }),
    ...options.more,
  });
  const heard = record(link);
  const say = (frame: unknown) => link.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  const frames = () => heard.texts.map((text) => JSON.parse(text) as unknown);
  return {
    peer,
    link,
    heard,
    clock,
    log,
    metrics,
    say,
    frames,
    async ask(frame) {
      const before = heard.texts.length;
      say(frame);
      await still();
      return frames().slice(before);
    },
  };
}

/** Resolves when every microtask of this turn has run: over links in memory nothing is under way then. */
export const still = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
