/** The world outside, as a real HTTP server: acts once for each idempotency key, and writes down what it was asked and what it did. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { digestOf } from './checker.ts';
import type { Kit, TestMesh } from './harness.ts';
import { stamp, type ApprovalEvent, type HistoryEvent } from './history.ts';

/** Flags under which the shipped responder acts on it. */
export interface World {
  flags: { effects: { webhook: { url: string; networks: string[] } } };
  /** How often each endpoint was acted on, and how often somebody asked for it. */
  deliveries(endpoint_id: string): { applied: number; asked: number };
  total(): { applied: number; asked: number };
  /** What happened to it, and the approvals of the journal, as lines for the checker. */
  tell(mesh: TestMesh): void;
}

/** Starts it; it ends with the kit. */
export async function startWorld(kit: Kit): Promise<World> {
  const told: (z.infer<typeof Order> & { key: string; ns: number; at_ms: number })[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      told.push({ ...Order.parse(JSON.parse(text)), key: String(request.headers['idempotency-key']), ...stamp() });
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  kit.onEnd(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    flags: { effects: { webhook: { url: `http://127.0.0.1:${port}/`, networks: ['127.0.0.0/8'] } } },
    deliveries(endpoint_id) {
      const own = told.filter(({ target }) => target === endpoint_id);
      return { applied: new Set(own.map(({ key }) => key)).size, asked: own.length };
    },
    total: () => ({ applied: new Set(told.map(({ key }) => key)).size, asked: told.length }),
    tell(mesh) {
      const done = new Set<string>();
      for (const { key, ns, at_ms, target, desired, agent_id } of told) {
        const about = {
          who: 'agent' as const,
          ns,
          at_ms,
          agent_id,
          pid: 0,
          call: target,
          effect: 'idempotent' as const,
        };
        const action_hash = digestOf({ target, state: desired.state });
        const applied = !done.has(key);
        done.add(key);
        // A second message under a key that was acted on is no effect: the world looks it up and answers.
        if (!applied) continue;
        mesh.history.write({ ...about, kind: 'effect-start', effect_key: key, dangerous: true, action_hash });
        mesh.history.write({ ...about, kind: 'effect-done', effect_key: key, dangerous: true, action_hash, applied });
      }
      for (const event of approvalsIn(mesh.journal())) mesh.history.write(event);
    },
  };
}

/** What the journal says of approvals: asked, granted by the last who voted, used for one effect. */
function approvalsIn(events: readonly HistoryEvent[]): ApprovalEvent[] {
  const now = stamp();
  const voters = new Map<string, string>();
  const asked = new Map<string, { action_hash: string; by: string }>();
  return events.flatMap((event): ApprovalEvent[] => {
    if (event.who !== 'journal') return [];
    const payload: unknown = JSON.parse(event.payload);
    const at_ms = Date.parse(event.at);
    const at = { at_ms, ns: now.ns - (now.at_ms - at_ms) * 1e6 };
    const common = { who: 'approval' as const, ...at };
    if (event.type === 'approval_asked') {
      const { approval_id, params, skill, requester, expires_at } = Asked.parse(payload);
      const state = skill === 'contain_endpoint' ? 'contained' : 'released';
      const about = { action_hash: digestOf({ target: params.endpoint_id, state }), by: requester.join() };
      asked.set(approval_id, about);
      return [{ ...common, ...about, kind: 'requested', approval_id, expires_ms: Date.parse(expires_at) }];
    }
    const named = Named.safeParse(payload).data;
    const about = named && asked.get(named.approval_id);
    if (!about) return [];
    const { approval_id, vote, effect_key, by = '' } = named;
    if (event.type === 'approval_voted' && vote) voters.set(approval_id, vote.by);
    if (event.type === 'approval_granted')
      return [{ ...common, ...about, kind: 'granted', approval_id, by: voters.get(approval_id) ?? 'policy' }];
    if (event.type !== 'approval_consumed') return [];
    const key = `${event.task_id}:${effect_key ?? ''}`;
    return [{ ...common, ...about, kind: 'used', approval_id, by, effect_key: key }];
  });
}

/** What the shipped driver posts, as far as the world cares. */
const Order = z.object({
  target: z.string(),
  desired: z.object({ state: z.string() }),
  agent_id: z.string(),
});
const Asked = z.object({
  approval_id: z.string(),
  skill: z.string(),
  params: z.object({ endpoint_id: z.string().optional().describe('of the responder; others name none') }),
  requester: z.array(z.string()),
  expires_at: z.string(),
});
const Named = z.object({
  approval_id: z.string(),
  vote: z.object({ by: z.string() }).optional(),
  effect_key: z.string().optional(),
  by: z.string().optional(),
});
