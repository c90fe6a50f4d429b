/** Where links arrive: strangers become principals by a proven key, or stay anonymous and bare, or go (wire.md 1, 4). */
import { AuroraError, type RpcParams } from '../protocol/index.ts';
import type { CancelTimer, Ids, Log, Metrics } from '../seams/index.ts';
import {
  answerHello,
  isVersionRefused,
  sayHello,
  type HandshakeDeps,
  type Introduced,
  type Principal,
} from './handshake.ts';
import type { Link, LinkEnd } from './link.ts';
import { createPortLoad, type PortLoad } from './load.ts';
import {
  createPeer,
  type Call,
  type MethodHandler,
  type MethodTable,
  type NotificationHandler,
  type Peer,
  type PeerLimits,
} from './peer.ts';
import { FRAME_QUOTA, type FrameQuota } from './quota.ts';
import { createRefusedLog } from './refused-log.ts';
import { createUnsentOfAll } from './unsent.ts';

/** What a reception needs. */
export interface ReceptionDeps extends HandshakeDeps {
  ids: Ids;
  log: Log;
  metrics: Metrics;
  /** Whether loopback strangers may call bare (wire.md 1). */
  anonymous: 'loopback' | 'off';
  quota?: FrameQuota;
  limits?: Partial<PeerLimits>;
  /** Time an unproven mesh.v1 link has to say who it is, ms: 5 s. */
  hello_ms_max?: number;
  /** Methods under mesh.v1, and those of a bare peer. Both are read when a link arrives. */
  methods: () => { mesh: MethodTable; bare: MethodTable };
  notifications?: ReadonlyMap<string, NotificationHandler>;
  /** What runs for the links of this port, where others share it; its own unless said. */
  load?: PortLoad;
  /** What all its links together may have unsent, bytes: 128 MiB. Over it whoever owes most is cut, strangers first. */
  unsent_bytes_max?: number;
  /** Who may come in; throws an AuroraError to turn away (4030 closes 4003, anything else 4001). */
  admit(introduced: Introduced, peer: Peer): Principal;
}

/** Links that came, and who is behind them. */
export interface Reception {
  readonly accept: (link: Link) => void;
  /** The handler of `mesh/hello`. */
  readonly onHello: MethodHandler;
  /**
   * Who is behind a peer; waits for a handshake under way. Undefined for a bare caller; throws 4010 on an unproven mesh.v1 link,
   * and on one whose key is no longer pinned, which closes 4001.
   */
  principalOf(peer: Peer): Principal | undefined | Promise<Principal | undefined>;
  peers(): Peer[];
  /** Tells all, and whoever comes from now on, that we are leaving: what runs goes on. */
  readonly sayGoaway: () => void;
  /** Says goaway where it was not said, waits until nothing runs, at most `drain_ms_max`, then closes 1001. */
  drain(drain_ms_max: number): Promise<void>;
}

/** Opens a reception. */
export function createReception(deps: ReceptionDeps): Reception {
  const { clock, log, metrics, load = createPortLoad() } = deps;
  const unsent = createUnsentOfAll({ clock, bytes_max: deps.unsent_bytes_max });
  const hello_ms_max = deps.hello_ms_max ?? HELLO_MS_MAX;
  const tellRefused = createRefusedLog(deps);
  const guests = new Map<Peer, Guest>();
  /** The newest link of each instance. */
  const newest = new Map<string, Peer>();
  /** Links of each key, under whatever ids it comes. */
  const counts = new Map<string, number>();
  let is_leaving = false;

  return { accept, onHello, principalOf, peers: () => [...guests.keys()], sayGoaway, drain };

  function accept(link: Link): void {
    const is_mesh = link.protocol !== '';
    if (!is_mesh && (deps.anonymous === 'off' || !link.loopback)) {
      tellRefused({ remote: link.remote, code: 4010, why: 'It came bare, and offers no mesh.v1' }, TURNED_AWAY);
      link.attach({ onText: ignore, onClose: ignore });
      link.close(4001, 'authentication required');
      return;
    }
    const { mesh, bare } = deps.methods();
    const guest: Guest = {
      principal: undefined,
      asked: undefined,
      checked_at: clock.monotonic(),
      is_revoked: false,
      stopTimer: ignore,
    };
    const peer = createPeer({
      ...deps,
      link,
      methods: is_mesh ? mesh : bare,
      quota: deps.quota ?? FRAME_QUOTA,
      isUnmetered,
      onClosed: part,
      tellRefused,
      is_stranger: true,
      load,
      unsent,
      ...(deps.limits && { limits: deps.limits }),
    });
    guests.set(peer, guest);
    if (is_leaving) tellLeaving(peer);
    if (is_mesh) guest.stopTimer = clock.after(hello_ms_max, () => turnAway(peer, LATE));
  }

  function isUnmetered(peer: Peer): boolean {
    return guests.get(peer)?.principal?.role === 'orchestrator';
  }

  function part(peer: Peer, { code, reason }: LinkEnd): void {
    if (peer.link.ended_here && REFUSING.has(code)) {
      tellRefused({ remote: peer.link.remote, why: `Closed ${code}: ${reason}` }, TURNED_AWAY);
      if (code === NO_COMMON_VERSION) metrics.count('handshakes_refused_total');
    }
    const guest = guests.get(peer);
    guest?.stopTimer();
    guests.delete(peer);
    if (!guest?.principal) return;
    const name = nameOf(guest.principal);
    if (newest.get(name) === peer) newest.delete(name);
    count(guest.principal, -1);
  }

  /** Answers who we are, then asks the same of the caller: it is a stranger until it proved a key. */
  function onHello(params: RpcParams | undefined, call: Call): unknown {
    const result = answerHello(deps, params, call);
    const guest = guests.get(call.peer);
    if (guest && !guest.asked) {
      // A moment later, so that our question leaves together with our answer.
      guest.asked = Promise.resolve()
        .then(() => sayHello(call.peer, deps, hello_ms_max))
        .then(
          (introduced) => welcome(call.peer, guest, introduced),
          (reason: unknown) => turnAway(call.peer, reason),
        );
    }
    return result;
  }

  function welcome(peer: Peer, guest: Guest, introduced: Introduced): void {
    if (!guests.has(peer)) return; // it is gone already: it supersedes nobody
    let principal: Principal;
    try {
      principal = deps.admit(introduced, peer);
    } catch (reason) {
      turnAway(peer, reason);
      return;
    }
    if (isCrowd(principal)) {
      metrics.count('handshakes_refused_total');
      peer.close(1013, 'too many links of this key');
      return;
    }
    guest.principal = principal;
    count(principal, 1);
    if (guest.principal.role !== 'stranger') peer.trust();
    guest.stopTimer();
    guest.stopTimer = ignore; // not to hold on to a timer for as long as the link lives
    const { id, role } = guest.principal;
    const name = nameOf(guest.principal);
    const older = newest.get(name);
    if (older !== peer) older?.close(4009, 'superseded');
    newest.set(name, peer);
    log.info({ id, role, remote: peer.link.remote }, 'a peer proved its key');
  }

  /** Whoever comes back under the name of an instance of its own key takes the place of its link. */
  function isCrowd(principal: Principal): boolean {
    const links_max = principal.role === 'agent' ? AGENT_LINKS_MAX : KEY_LINKS_MAX;
    const older = newest.get(nameOf(principal));
    const replaced = older && guests.get(older)?.principal;
    const is_back = replaced !== undefined && keyOf(replaced) === keyOf(principal);
    return (counts.get(keyOf(principal)) ?? 0) >= links_max && !is_back;
  }

  function count(principal: Principal, by: 1 | -1): void {
    const key = keyOf(principal);
    const links = (counts.get(key) ?? 0) + by;
    if (links > 0) counts.set(key, links);
    else counts.delete(key);
  }

  function turnAway(peer: Peer, reason: unknown): void {
    const error = AuroraError.from(reason);
    if (!peer.link.open) return;
    if (isVersionRefused(error)) {
      peer.close(NO_COMMON_VERSION, 'no common version'); // the end of the link tells it
      return;
    }
    tellRefused({ remote: peer.link.remote, code: error.code, why: error.message }, TURNED_AWAY);
    metrics.count('handshakes_refused_total');
    peer.close(closeCodeOf(error), error.message.slice(0, REASON_CHARS_MAX));
  }

  function principalOf(peer: Peer): Principal | undefined | Promise<Principal | undefined> {
    const guest = guests.get(peer);
    // A caller's first request may overtake its own answer to our hello.
    if (guest?.asked && !guest.principal) return guest.asked.then(() => principalNow(peer, guest));
    return principalNow(peer, guest);
  }

  function principalNow(peer: Peer, guest: Guest | undefined): Principal | undefined {
    if (peer.link.protocol !== '' && !guest?.principal) throw new AuroraError(4010);
    if (guest?.principal && isRevoked(guest, guest.principal)) {
      const error = new AuroraError(4010, { message: 'This key is no longer pinned here' });
      clock.after(0, () => turnAway(peer, error)); // once this call was answered
      throw error;
    }
    return guest?.principal;
  }

  /** A pin that is taken away ends what it allowed, on links that stand as well; the file is looked at once a second. */
  function isRevoked(guest: Guest, { id, role, public_key }: Principal): boolean {
    const now = clock.monotonic();
    if (role !== 'stranger' && now - guest.checked_at >= PIN_CHECK_MS) {
      const pin = deps.pins.of(id);
      guest.is_revoked ||= pin?.public_key !== public_key || pin?.role !== role;
      guest.checked_at = now;
    }
    return guest.is_revoked;
  }

  function sayGoaway(): void {
    if (is_leaving) return;
    is_leaving = true;
    for (const peer of guests.keys()) tellLeaving(peer);
  }

  function tellLeaving(peer: Peer): void {
    if (peer.link.protocol === '') return;
    peer.notify('mesh/goaway', { reason: 'shutting down', reconnect_after_ms: RECONNECT_AFTER_MS });
  }

  async function drain(drain_ms_max: number): Promise<void> {
    sayGoaway();
    const leaving = [...guests.keys()];
    const over = new Promise<void>((resolve) => void clock.after(drain_ms_max, resolve));
    await Promise.race([Promise.all(leaving.map((peer) => peer.idle())), over]);
    for (const peer of guests.keys()) peer.close(1001, 'going away');
    const said = new Promise<void>((resolve) => void clock.after(GOODBYE_MS_MAX, resolve));
    await Promise.race([Promise.all(leaving.map((peer) => peer.closed)), said]);
  }
}

/** An instance names itself; its id is proven. */
const nameOf = ({ id, instance_id }: Principal): string => JSON.stringify([id, instance_id]);

/** A stranger claims any id; what it proved is its key. */
const keyOf = ({ id, role, public_key }: Principal): string => public_key ?? JSON.stringify([id, role]);

interface Guest {
  principal: Principal | undefined;
  /** Settles when the caller has answered our hello, one way or the other; never rejects. */
  asked: Promise<void> | undefined;
  /** When its pin was last seen, monotonic ms. */
  checked_at: number;
  is_revoked: boolean;
  /** Forgets when its hello would be late. */
  stopTimer: CancelTimer;
}

/** wire.md 10: a known key without a place here, no hello in time, no proof. */
function closeCodeOf({ code }: AuroraError): number {
  if (code === 4030) return 4003;
  return code === 5040 ? 4008 : 4001;
}

function ignore(): void {
  // Nothing to do.
}

/** Links that one key proves at once, from wherever they come (ATK-I3). */
const KEY_LINKS_MAX = 200;
/** Those of an agent: two for each of the processes that one key may register. */
const AGENT_LINKS_MAX = 2_048;
const NO_COMMON_VERSION = 4002;
/** Closings that nobody else tells of (wire.md 10): frames against the protocol, too many, or unread; strikes; no common version. */
const REFUSING = new Set([1002, 1003, 1007, 1009, 1013, 4000, NO_COMMON_VERSION, 4029]);
const TURNED_AWAY = 'a peer was turned away';
const LATE = new AuroraError(5040, { message: 'no hello in time' });
const PIN_CHECK_MS = 1_000;
const HELLO_MS_MAX = 5_000;
const GOODBYE_MS_MAX = 2_500;
/** How long we ask others to leave this port alone, ms: longer than it takes a process to come back. */
const RECONNECT_AFTER_MS = 1_000;
const REASON_CHARS_MAX = 100;
