/** An agent that announces itself: it dials the orchestrator, says where it listens, and says so again before its lease ends. */
import {
  answerHello,
  createMethods,
  createPeer,
  dialWebsocket,
  fingerprintOf,
  keepConnected,
  publicKeyOf,
  sayHello,
  type HandshakeDeps,
  type Link,
  type NotificationHandler,
  type Peer,
  type StayAway,
  type Trust,
} from '../mesh/index.ts';
import { AuroraError, Goaway, Lease, type AgentCard } from '../protocol/index.ts';
import { createStop, sleep, type Log, type Metrics } from '../seams/index.ts';

/** What announcing needs. */
export interface AnnounceDeps extends HandshakeDeps {
  log: Log;
  metrics: Metrics;
  trust: Trust | undefined;
}

/** What is announced. */
export interface Announced {
  url: string;
  /** Told with it, so that nobody has to come and fetch it. */
  card: AgentCard;
}

/** Keeps a lease until the returned function is called, which gives it back. */
export function announce(orchestrator_url: string, own: Announced, deps: AnnounceDeps): () => void {
  const { clock, random, log } = deps;
  const stop = createStop();
  let registered: Peer | undefined;
  keepTrying();
  const end = () => stop.abort(new Error('leaving'));
  return () => {
    if (registered?.link.open) registered.request('agent/leave', {}, { timeout_ms: LEAVE_MS_MAX }).then(end, end);
    else end();
  };

  /**
   * A refusal for good may still heal: a key is pinned again, whoever sits on that port goes. So it is tried again, slowly; only who
   * was superseded is left alone.
   */
  function keepTrying(): void {
    const connected = keepConnected({
      clock,
      random,
      signal: stop,
      dial: (signal) =>
        dialWebsocket({
          url: orchestrator_url,
          protocol: 'mesh.v1',
          clock,
          random,
          signal,
          onFault: (err) => log.error({ orchestrator_url, err }, 'a frame of the orchestrator met a fault'),
          ...(deps.trust && { tls: deps.trust }),
        }),
      onLink: (link, answered, stayAway) => {
        hold(link, own, deps, { answered, stayAway }).then(
          (peer) => (registered = peer),
          (reason: unknown) => {
            const error = AuroraError.from(reason);
            log.warn({ orchestrator_url, code: error.code, why: error.message }, 'registering was refused');
            link.close(1000, 'registering was refused');
          },
        );
      },
    });
    void connected.then(async ({ code, reason: why }) => {
      if (stop.aborted) return;
      if (code === SUPERSEDED) {
        log.error(
          { orchestrator_url, code, why },
          'another process announces this instance: this one does not any more',
        );
        return;
      }
      log.warn({ orchestrator_url, code, why, again_ms: REFUSED_PAUSE_MS }, 'the orchestrator refuses this agent');
      await sleep(clock, REFUSED_PAUSE_MS, stop).catch(() => undefined);
      keepTrying();
    });
  }
}

/** Registers, then renews at a third of the lease for as long as the link is there. */
async function hold(
  link: Link,
  { url, card }: Announced,
  deps: AnnounceDeps,
  { answered, stayAway }: { answered: () => void; stayAway: StayAway },
): Promise<Peer> {
  const { clock, log, self } = deps;
  const methods = createMethods(new Map([['mesh/hello', (params, call) => answerHello(deps, params, call)]]));
  const onGoaway: NotificationHandler = (params) => stayAway(Goaway.parse(params ?? {}).reconnect_after_ms);
  const peer = createPeer({ ...deps, link, methods, notifications: new Map([['mesh/goaway', onGoaway]]) });
  const { role } = await sayHello(peer, deps, HELLO_MS_MAX);
  if (role !== 'orchestrator') throw new AuroraError(4010, { message: 'This is not the pinned orchestrator' });
  answered();
  const register = async (method: string, about: object) =>
    Lease.parse(await peer.request(method, { agent_id: self.id, url, ttl_ms: TTL_MS, ...about }));
  const first = await register('agent/register', { card });
  const fingerprint = fingerprintOf(publicKeyOf(self.private_key)); // what whoever approves it compares
  log.info({ state: first.state, renew_before: first.renew_before, fingerprint }, 'registered');
  const renew = () => {
    if (!link.open) return;
    register('agent/renew', {}).then(
      () => clock.after(TTL_MS / 3, renew),
      (reason: unknown) => link.close(1000, AuroraError.from(reason).message.slice(0, REASON_CHARS_MAX)),
    );
  };
  clock.after(TTL_MS / 3, renew);
  return peer;
}

const HELLO_MS_MAX = 5_000;
const TTL_MS = 15_000;
const LEAVE_MS_MAX = 1_000;
const REASON_CHARS_MAX = 100;
/** How long whoever was refused for good waits before the next try, ms. */
const REFUSED_PAUSE_MS = 30_000;
/** The close code of a link whose instance connected anew. */
const SUPERSEDED = 4009;
