/** The transport seam: one open, ordered, text-framed connection between two peers. */

/** What a link tells its one owner. Calls arrive in the order things happened; none after `onClose`. */
export interface LinkOwner {
  /** A whole text frame. */
  onText(text: string): void;
  /** The link is gone; `code` is a close code of wire.md 10 or RFC 6455 (1006 when nobody said goodbye). */
  onClose(code: number, reason: string): void;
  /** Unsent bytes fell under the half of their bound again. */
  onDrain?(): void;
}

/** How a link ended. */
export interface LinkEnd {
  code: number;
  reason: string;
}

/** An open connection. Made open; whoever holds it closes it. */
export interface Link {
  /** The subprotocol agreed at the upgrade: `mesh.v1`, or `''` for a bare peer (wire.md 1). */
  readonly protocol: string;
  /** Who is at the other end, for logs: `127.0.0.1:51512`. */
  readonly remote: string;
  /** The host and port that was dialled, as the dialler wrote it (`127.0.0.1:9002`): part of the identity proof (wire.md 4). */
  readonly dialled: string;
  /** True when the other end came over a loopback address. */
  readonly loopback: boolean;
  /** Bytes accepted by `send` that the transport has not taken yet. */
  readonly unsent_bytes: number;
  /** False once closing began. */
  readonly open: boolean;
  /** True when it is this end that closed it, or cut it. */
  readonly ended_here: boolean;
  /** Hands the link to its owner; frames that came before are delivered then, in order. Called exactly once. */
  attach(owner: LinkOwner): void;
  /** Queues a text frame. Frames of one turn leave together. On a link that is not open it does nothing. */
  send(text: string): void;
  /** Says goodbye with a code, then closes; a peer that does not answer within 2 s is cut. */
  close(code: number, reason: string): void;
  /** Cuts without a word (a crash, as the other end sees it). */
  cut(): void;
  /** Stops and resumes reading: how a receiver pushes back. */
  pause(): void;
  resume(): void;
  /** The other end proved who it is: from here frames of `frame_bytes_max` are taken, and as much is kept unsent as for anybody. */
  trust(): void;
}

/** What somebody who stands in between may do otherwise. */
export type Over = Partial<Pick<Link, 'attach' | 'send' | 'close' | 'cut'>>;

/** The same link for somebody who stands in between: what `over` names is done otherwise. */
export const overLink = (link: Link, over: Over): Link => new OverLink(link, over);

class OverLink implements Link {
  readonly link: Link;
  readonly over: Over;

  constructor(link: Link, over: Over) {
    this.link = link;
    this.over = over;
  }

  get protocol(): string {
    return this.link.protocol;
  }

  get remote(): string {
    return this.link.remote;
  }

  get dialled(): string {
    return this.link.dialled;
  }

  get loopback(): boolean {
    return this.link.loopback;
  }

  get unsent_bytes(): number {
    return this.link.unsent_bytes;
  }

  get open(): boolean {
    return this.link.open;
  }

  get ended_here(): boolean {
    return this.link.ended_here;
  }

  attach(owner: LinkOwner): void {
    if (this.over.attach) this.over.attach(owner);
    else this.link.attach(owner);
  }

  send(text: string): void {
    if (this.over.send) this.over.send(text);
    else this.link.send(text);
  }

  close(code: number, reason: string): void {
    if (this.over.close) this.over.close(code, reason);
    else this.link.close(code, reason);
  }

  cut(): void {
    if (this.over.cut) this.over.cut();
    else this.link.cut();
  }

  pause(): void {
    this.link.pause();
  }

  resume(): void {
    this.link.resume();
  }

  trust(): void {
    this.link.trust();
  }
}

/** What a transport enforces by itself. */
export interface LinkLimits {
  /** Largest frame taken, bytes; over it the link closes 1009. */
  frame_bytes_max: number;
  /** The same until `trust` is called, where that is less: strangers must not fill our memory with frames they never finish. */
  stranger_bytes_max?: number;
  /** Unsent bytes at which the link closes 1013 (wire.md 10: 8 MiB). */
  unsent_bytes_max: number;
  /** The same until `trust` is called, where that is less: strangers must not fill our memory with answers they never take. */
  stranger_unsent_bytes_max?: number;
  /** Time between pings, ms (7 s), and the silence after which the link is cut, ms (20 s). */
  ping_ms: number;
  silence_ms_max: number;
  /** Time an upgrade may take, ms: a listener that accepts and never answers must not hold us (promises.md D3). */
  handshake_ms_max: number;
}

/** The defaults of wire.md 2 and 10. */
export const LINK_LIMITS: LinkLimits = {
  frame_bytes_max: 4_194_304,
  unsent_bytes_max: 8_388_608,
  ping_ms: 7_000,
  silence_ms_max: 20_000,
  handshake_ms_max: 5_000,
};

/** Those of a link without `mesh.v1`: whoever proves nothing sends small frames only (wire.md 2). */
export const BARE_LINK_LIMITS: LinkLimits = { ...LINK_LIMITS, frame_bytes_max: 65_536 };

/** Those of a link that came to us and offered `mesh.v1`: what it may send bare, until it proved a key (ATK-A5). */
export const ARRIVING_LINK_LIMITS: LinkLimits = {
  ...LINK_LIMITS,
  stranger_bytes_max: BARE_LINK_LIMITS.frame_bytes_max,
  stranger_unsent_bytes_max: 262_144,
};

/** How long a peer may take to answer a goodbye before it is cut, ms. */
export const GOODBYE_MS_MAX = 2_000;
