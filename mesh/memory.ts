/** Two ends of a link inside one process: the whole road without a port, in milliseconds. */
import type { Clock } from '../seams/index.ts';
import { systemClock } from '../seams/index.ts';
import type { Link, LinkEnd, LinkLimits, LinkOwner } from './link.ts';
import { GOODBYE_MS_MAX, LINK_LIMITS } from './link.ts';

/** What a pair is made of; everything has a default. */
export interface MemoryLinkOptions {
  /** Times the two seconds a goodbye may take. */
  clock?: Clock;
  limits?: LinkLimits;
  /** The subprotocol both ends agreed on; `mesh.v1` unless said. */
  protocol?: string;
  /** What the dialler is taken to have dialled. */
  dialled?: string;
  /** What the owner of an end threw over a frame, for the log: the other end is told 1011 alone. */
  onFault?: ((fault: unknown) => void) | undefined;
}

/** A connected pair. Frames arrive in the order they were sent, on microtasks; the bounds and close codes are a socket's. */
export function memoryLink(options: MemoryLinkOptions = {}): [Link, Link] {
  const road: Road = { carry: ({ arrive }) => queueMicrotask(arrive) };
  return linkPair(options, [road, road]);
}

/** Brings one thing to the other end, later and never at once. Arriving twice, late or not at all is a fault it may model. */
export interface Road {
  carry(parcel: { arrive: () => void; lose: () => void }): void;
}

/** An end that can also be told that the connection is gone, as when the network goes. */
export interface PairedLink extends Link {
  /** This end alone learns it (1006). */
  vanish(): void;
}

/** A pair over two roads, the first leading away from the first end. Memory and the simulator differ only in these. */
export function linkPair(options: MemoryLinkOptions, roads: readonly [Road, Road]): [PairedLink, PairedLink] {
  const about = {
    clock: options.clock ?? systemClock,
    limits: options.limits ?? LINK_LIMITS,
    protocol: options.protocol ?? 'mesh.v1',
    dialled: options.dialled ?? 'memory:0',
    onFault: options.onFault,
  };
  const near: End = createEnd(about, 'memory:far', roads[0], () => far);
  const far: End = createEnd(about, 'memory:near', roads[1], () => near);
  return [near, far];
}

/** What lies in an inbox: a frame, or the other end's goodbye. Both say when they were taken out. */
type Parcel = { text: string; taken(): void } | { goodbye: LinkEnd; taken(): void };

interface End extends PairedLink {
  arrive(parcel: Parcel): void;
}

function createEnd(
  about: Required<Omit<MemoryLinkOptions, 'onFault'>> & Pick<MemoryLinkOptions, 'onFault'>,
  remote: string,
  road: Road,
  other: () => End,
): End {
  const { clock, limits } = about;
  const inbox: Parcel[] = []; // bounded by the sender's unsent_bytes_max
  let owner: LinkOwner | undefined;
  let open = true;
  let paused = false;
  let draining = false;
  let full = false;
  let unsent_bytes = 0;
  let frame_bytes_max = Math.min(limits.frame_bytes_max, limits.stranger_bytes_max ?? Infinity);
  let unsent_bytes_max = Math.min(limits.unsent_bytes_max, limits.stranger_unsent_bytes_max ?? Infinity);
  let said: LinkEnd | undefined;
  let ended: LinkEnd | undefined;
  let forgetGoodbye = () => {};

  const tellEnd = ({ code, reason }: LinkEnd) => queueMicrotask(() => owner?.onClose(code, reason));

  const end = (goodbye: LinkEnd) => {
    if (ended) return;
    ended = goodbye;
    open = false;
    forgetGoodbye();
    for (const parcel of inbox.splice(0)) parcel.taken();
    if (owner) tellEnd(goodbye);
  };

  const close = (code: number, reason: string) => {
    if (!open) return;
    open = false;
    const goodbye = { code, reason };
    said = goodbye;
    const answer = { arrive: () => end(goodbye), lose: () => {} };
    const parcel = { goodbye, taken: () => road.carry(answer) };
    road.carry({ arrive: () => other().arrive(parcel), lose: () => {} });
    forgetGoodbye = clock.after(GOODBYE_MS_MAX, () => {
      end(goodbye);
      other().vanish();
    });
  };

  const deliver = (text: string) => {
    try {
      owner?.onText(text);
    } catch (fault) {
      about.onFault?.(fault);
      close(1011, 'the receiver failed');
    }
  };

  const drain = () => {
    if (draining) return; // the owner resumed inside onText
    draining = true;
    while (owner && !paused && !ended) {
      const parcel = inbox.shift();
      if (!parcel) break;
      parcel.taken();
      if ('goodbye' in parcel) end(said ?? parcel.goodbye);
      else if (!said) deliver(parcel.text); // after our own goodbye nothing more is read
    }
    draining = false;
  };

  const settle = (bytes: number) => {
    unsent_bytes -= bytes;
    if (!full || unsent_bytes >= unsent_bytes_max / 2) return;
    full = false;
    if (open) owner?.onDrain?.();
  };

  return {
    protocol: about.protocol,
    remote,
    dialled: about.dialled,
    loopback: true,
    get unsent_bytes() {
      return unsent_bytes;
    },
    get open() {
      return open;
    },
    get ended_here() {
      return said !== undefined;
    },
    attach(given) {
      if (owner) throw new Error('a link has one owner');
      owner = given;
      if (ended) tellEnd(ended);
      else queueMicrotask(drain);
    },
    send(text) {
      if (!open) return;
      const bytes = Buffer.byteLength(text) + FRAME_OVERHEAD_BYTES;
      if (unsent_bytes + bytes > unsent_bytes_max) {
        close(1013, 'too much unsent');
        return;
      }
      unsent_bytes += bytes;
      full ||= unsent_bytes >= unsent_bytes_max / 2;
      const taken = once(() => settle(bytes)); // a road may bring it twice
      road.carry({ arrive: () => other().arrive({ text, taken }), lose: taken });
    },
    close,
    cut() {
      said ??= { code: 1006, reason: 'cut' };
      end(said);
      other().vanish();
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      queueMicrotask(drain);
    },
    trust() {
      frame_bytes_max = limits.frame_bytes_max;
      unsent_bytes_max = limits.unsent_bytes_max;
    },
    vanish: () => end({ code: 1006, reason: 'the connection was lost' }),
    arrive(parcel) {
      if (ended) {
        parcel.taken();
        return;
      }
      if ('text' in parcel && Buffer.byteLength(parcel.text) > frame_bytes_max) {
        parcel.taken();
        close(1009, 'frame too large');
        return;
      }
      inbox.push(parcel);
      if ('goodbye' in parcel) open = false;
      if (said) paused = false; // we said goodbye: nothing is held back any more
      drain();
    },
  };
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}

/** Counted for every frame, so that empty frames are bounded too. */
const FRAME_OVERHEAD_BYTES = 8;
