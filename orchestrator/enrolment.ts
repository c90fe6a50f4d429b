/** Agents that announce themselves: a proven key and a checked address make a lease, an unknown key waits in quarantine (wire.md 4). */
import { fingerprintOf, type PinnedAddress, type Pins, type Principal } from '../mesh/index.ts';
import { AuroraError, type Lease, type Register } from '../protocol/index.ts';
import { makeRoom, toIso, type CancelTimer, type Clock, type Log } from '../seams/index.ts';
import type { Fleet } from './fleet.ts';
import { createStrangers, type Quarantine } from './strangers.ts';

/** An agent that waits. */
export interface Quarantined {
  agent_id: string;
  url: string;
  state: 'quarantined';
  /** Of the key that waits: to be compared with what the agent's own log says. */
  fingerprint: string;
  why: string;
}

/** An agent that had a lease and did not renew it: still pinned, so somebody may ask where it is. */
export interface Away {
  agent_id: string;
  url: string;
  state: 'offline';
  why: string;
}

/** What enrolling needs. */
export interface EnrolmentDeps {
  clock: Clock;
  log: Log;
  fleet: Fleet;
  pins: Pins;
  quarantine: Quarantine;
  /** Judges the address that a pinned agent registered (ATK-G1); throws 4220. A stranger's address is not even looked at. */
  checkAddress: (url: string) => Promise<PinnedAddress>;
  /** CIDR blocks of one's own (`mesh.networks`), where neighbours in one /64 are not one household. */
  networks?: readonly string[];
}

/** Leases of agents that announced themselves. */
export interface Enrolment {
  /**
   * Registers or renews: the same call. A stranger's key is quarantined and gets no work; 4290 where it may not wait
   * (`Strangers`), which depends on `remote`, its address as the link knows it.
   */
  register(asked: Register, who: Principal, remote: string): Promise<Lease>;
  leave(who: Principal): { left: boolean };
  quarantined(): Quarantined[];
  /** Those whose lease ended within the last day, unless they left by themselves, came back, or lost their pin. */
  away(): Away[];
}

/** Nobody is enrolled yet. */
export function createEnrolment(deps: EnrolmentDeps): Enrolment {
  const { clock, log, fleet, pins, checkAddress, networks = [] } = deps;
  const strangers = createStrangers({ clock, log, quarantine: deps.quarantine, networks });
  const leases = new Map<string, { url: string; stop: () => void; stopTimer: CancelTimer }>();
  const counts = new Map<string, number>(); // of leases, by the id whose key they rest on

  const missed = new Map<string, { url: string; at: number }>(); // by id, the one that went first in front

  /** An agent of which no lease is left. */
  const miss = (id: string, url: string) => {
    missed.delete(id);
    makeRoom(missed, AWAY_MAX);
    missed.set(id, { url, at: clock.now() });
  };

  const end = (id: string, holder: string, why: string) => {
    const lease = leases.get(holder);
    if (!lease) return false;
    leases.delete(holder);
    const left = (counts.get(id) ?? 1) - 1;
    if (left > 0) counts.set(id, left);
    else counts.delete(id);
    lease.stopTimer();
    lease.stop();
    log.info({ holder, why }, 'a lease ended');
    return true;
  };

  /**
   * Calls once that time is over. A timer that fires late shows that this process stood still, and what came meanwhile is not read
   * yet: then it waits once more, for as long as it was late and at most that time (PROM-P12).
   */
  const expire = (ms: number, run: () => void): CancelTimer => {
    let cancel: CancelTimer = () => undefined;
    const due = clock.monotonic() + ms;
    cancel = clock.after(ms, () => {
      const late_ms = clock.monotonic() - due;
      if (late_ms <= LATE_MS_MAX) run();
      else cancel = clock.after(Math.min(late_ms, ms), run);
    });
    return () => cancel();
  };

  /** A stranger that was approved since it said hello is one no longer. */
  const roleOf = ({ id, role, public_key }: Principal) => {
    const pin = pins.of(id);
    return role === 'stranger' && pin?.public_key === public_key ? (pin?.role ?? role) : role;
  };

  return {
    async register({ agent_id, url, ttl_ms, card }, who, remote) {
      if (who.id !== agent_id) throw new AuroraError(4030, { message: 'An agent registers itself, nobody else' });
      const renew_before = toIso(clock.now() + ttl_ms);
      const role = roleOf(who);
      if (role === 'stranger') {
        if (who.public_key !== undefined) strangers.wait({ id: agent_id, public_key: who.public_key }, remote);
        return { agent_id, state: 'quarantined', renew_before };
      }
      if (role !== 'agent') throw new AuroraError(4030, { message: 'Only agents register' });
      const { address } = await checkAddress(url);
      const holder = holderOf(who);
      const known = leases.get(holder);
      if (known && known.url !== url) end(agent_id, holder, 'its address changed');
      const count = counts.get(agent_id) ?? 0;
      if (!known && (leases.size >= LEASES_MAX || count >= LEASES_PER_KEY_MAX))
        throw new AuroraError(5030, { retry_after_ms: ttl_ms });
      if (!leases.has(holder)) counts.set(agent_id, count + 1);
      const stop = leases.get(holder)?.stop ?? fleet.keep({ agent_id, url, address }, card);
      leases.get(holder)?.stopTimer();
      const stopTimer = expire(ttl_ms, () => {
        end(agent_id, holder, 'it was not renewed');
        if (!counts.has(agent_id)) miss(agent_id, url);
      });
      missed.delete(agent_id);
      leases.set(holder, { url, stop, stopTimer });
      return { agent_id, state: 'active', renew_before };
    },
    leave(who) {
      if (roleOf(who) === 'stranger') throw new AuroraError(4030, { message: 'This key is not pinned here' });
      missed.delete(who.id);
      return { left: end(who.id, holderOf(who), 'it left') };
    },
    away() {
      const configured = new Set(fleet.status().map(({ agent_id }) => agent_id));
      for (const [id, { at }] of missed)
        if (clock.now() - at > AWAY_MS_MAX || pins.of(id)?.role !== 'agent') missed.delete(id);
      return [...missed].flatMap(([agent_id, { url, at }]): Away[] => {
        const why = `it is away: it did not renew its lease, which ended at ${toIso(at)}`;
        return configured.has(agent_id) ? [] : [{ agent_id, url, state: 'offline', why }];
      });
    },
    quarantined: () =>
      strangers.list().map(({ id, public_key }) => {
        const fingerprint = fingerprintOf(public_key);
        const why = `its key is not pinned: compare it with the agent's log, then aurora agents approve ${id} ${fingerprint}`;
        return { agent_id: id, url: '', state: 'quarantined', fingerprint, why };
      }),
  };
}

/** An instance names itself; its agent id is proven. */
const holderOf = ({ id, instance_id }: Principal): string => JSON.stringify([id, instance_id]);

/** A timer that fires later than that, ms, is taken for one of a process that stood still, or had no time to read. */
const LATE_MS_MAX = 250;
/** How long somebody who is away is told of, ms: a day. */
const AWAY_MS_MAX = 86_400_000;
/** Agents that are told of as away. */
const AWAY_MAX = 256;
/** In all: as many as one port takes links. */
const LEASES_MAX = 16_384;
/** A key that invents instances does not use them all up. */
const LEASES_PER_KEY_MAX = 1_024;
