/** An agent on its own port: WebSocket for its skills, HTTP for its card and its health (wire.md 10). */
import { cardOf, type AgentCard } from '../protocol/index.ts';
import { sha256Of } from '../seams/index.ts';
import type { Agent } from './agent.ts';
import { toHostPort } from './addresses.ts';
import { digestOf } from './canonical.ts';
import { createHost, type HostDeps } from './host.ts';
import { listen, type HttpRoute, type ListenOptions, type Port } from './listen.ts';

/** What serving needs: the host's seams, and where to listen. */
export interface ServeOptions
  extends
    HostDeps,
    Pick<ListenOptions, 'host' | 'port' | 'tls' | 'bounds' | 'advertise' | 'allow_hosts' | 'allow_origins'> {}

/** An agent that serves. */
export interface Served {
  /** `ws://127.0.0.1:9002`, as others dial it. */
  url: string;
  port: number;
  card: AgentCard;
  /** Refuses new work, lets the running work end within the time, then closes the port. */
  drain(drain_ms_max: number): Promise<void>;
}

/** Opens the port of an agent. Rejects when it is taken, or when the bind needs TLS. */
export async function serve(agent: Agent, options: ServeOptions): Promise<Served> {
  const { self, log, advertise } = options;
  const routes: HttpRoute[] = []; // filled before the first request can be read: nothing is awaited in between
  const port = await listen({
    ...options,
    routes,
    onLink: (link) => host.accept(link),
    onFault: (err) => log.error({ err }, 'the port met a fault'),
  });
  const url = advertisedUrl(port, advertise);
  const card = cardOf(agent, url);
  const host = createHost(agent, { ...options, card_digest: digestOf(card) });
  let is_draining = false;
  routes.push(
    cardRoute(card),
    jsonRoute('/health', () => ({
      status: is_draining ? 'draining' : 'ok',
      agent_id: agent.id,
      instance_id: self.instance_id,
      in_flight: host.running,
    })),
  );

  return {
    url,
    port: port.port,
    card,
    async drain(drain_ms_max) {
      is_draining = true;
      await host.drain(drain_ms_max);
      await port.close();
    },
  };
}

/** How others dial a port: by the name that is advertised, or by the address it is bound to. */
export function advertisedUrl(port: Port, advertise: string | undefined): string {
  if (advertise === undefined) return port.url;
  const secure = port.url.startsWith('wss:');
  return `${secure ? 'wss' : 'ws'}://${toHostPort(advertise, secure, port.port)}`;
}

/** A GET route that answers JSON, never kept by anybody. */
export const jsonRoute = (path: string, body: () => unknown): HttpRoute => ({
  method: 'GET',
  path,
  handle(request, response) {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(request.method === 'HEAD' ? undefined : JSON.stringify(body()));
  },
});

/** The card: whoever has it already is told so (A2A 1.0, section 8). */
function cardRoute(card: AgentCard): HttpRoute {
  const text = JSON.stringify(card);
  const etag = `"${sha256Of(text).slice(0, 32)}"`;
  return {
    method: 'GET',
    path: '/.well-known/agent-card.json',
    handle(request, response) {
      response.setHeader('etag', etag);
      response.setHeader('cache-control', `public, max-age=${CARD_AGE_S}`);
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
        return;
      }
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end(request.method === 'HEAD' ? undefined : text);
    },
  };
}

const CARD_AGE_S = 60;
