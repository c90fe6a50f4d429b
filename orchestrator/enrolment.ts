/** Agents that announce themselves: a proven key and a checked address make a lease, an unknown key waits in quarantine (wire.md 4). */
import type { Pins, PinnedAddress, Principal } from '../mesh/index.ts';
import { AuroraError, type Lease, type Register } from '../protocol/index.ts';
import { toIso, type CancelTimer, type Clock, type Log } from '../seams/index.ts';
import type { Fleet } from './fleet.ts';

/** Where keys of strangers wait for `aurora agents approve`. */
export interface Quarantine {
  add(stranger: { id: string; public_key: string }): void;
  list(): { id: string; public_key: string }[];
}

/** An agent that waits. */
export interface Quarantined {
  agent_id: string;
  url: string;
  state: 'quarantined';
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
}

/** Leases of agents that announced themselves. */
export interface Enrolment {
  /** Registers or renews: the same call. A stranger's key is quarantined and gets no work. */
  register(asked: Register, who: Principal): Promise<Lease>;
  leave(who: Principal): { left: boolean };
  quarantined(): Quarantined[];
}

/** Nobody is enrolled yet. */
export function createEnrolment({ clock, log, fleet, pins, quarantine, checkAddress }: EnrolmentDeps): Enrolment {
  const leases = new Map<string, { url: string; stop: () => void; stopTimer: CancelTimer }>();

  const end = (holder: string, why: string) => {
    const lease = leases.get(holder);
    if (!lease) return false;
    leases.delete(holder);
    lease.stopTimer();
    lease.stop();
    log.info({ holder, why }, 'a lease ended');
    return true;
  };

  /** A stranger that was approved since it said hello is one no longer. */
  const roleOf = ({ id, role, public_key }: Principal) => {
    const pin = pins.of(id);
    return role === 'stranger' && pin?.public_key === public_key ? (pin?.role ?? role) : role;
  };

  return {
    async register({ agent_id, url, ttl_ms }, who) {
      if (who.id !== agent_id) throw new AuroraError(4030, { message: 'An agent registers itself, nobody else' });
      const renew_before = toIso(clock.now() + ttl_ms);
      const role = roleOf(who);
      if (role === 'stranger') {
        if (quarantine.list().length >= QUARANTINE_MAX) throw new AuroraError(5030, { retry_after_ms: ttl_ms });
        if (who.public_key !== undefined) quarantine.add({ id: agent_id, public_key: who.public_key });
        return { agent_id, state: 'quarantined', renew_before };
      }
      if (role !== 'agent') throw new AuroraError(4030, { message: 'Only agents register' });
      const { address } = await checkAddress(url);
      const holder = holderOf(who);
      const known = leases.get(holder);
      if (known && known.url !== url) end(holderOf(who), 'its address changed');
      if (!known && leases.size >= LEASES_MAX) throw new AuroraError(5030, { retry_after_ms: ttl_ms });
      const stop = leases.get(holder)?.stop ?? fleet.keep({ agent_id, url, address });
      leases.get(holder)?.stopTimer();
      const stopTimer = clock.after(ttl_ms, () => end(holder, 'it was not renewed'));
      leases.set(holder, { url, stop, stopTimer });
      return { agent_id, state: 'active', renew_before };
    },
    leave(who) {
      if (roleOf(who) === 'stranger') throw new AuroraError(4030, { message: 'This key is not pinned here' });
      return { left: end(holderOf(who), 'it left') };
    },
    quarantined: () =>
      quarantine.list().map(({ id }) => ({
        agent_id: id,
        url: '',
        state: 'quarantined',
        why: `its key is not pinned: look at it, then aurora agents approve ${id}`,
      })),
  };
}

/** An instance names itself; its agent id is proven. */
const holderOf = ({ id, instance_id }: Principal): string => JSON.stringify([id, instance_id]);

const QUARANTINE_MAX = 256;
const LEASES_MAX = 1_024;
