/** The world outside, as a real HTTP server: acts once for each idempotency key, and writes down what it was asked and what it did. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';
import { approvalsIn, type Names, type Written } from './approvals.ts';
import { digestOf } from './checker.ts';
import type { Kit, TestMesh } from './harness.ts';
import { stamp, type HistoryEvent } from './history.ts';

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
      for (const event of approvalsIn(writtenIn(mesh.journal()), NAMES)) mesh.history.write(event);
    },
  };
}

/** Rows of the journal on the clock of those who watch: this machine has one wall. */
function writtenIn(events: readonly HistoryEvent[]): Written[] {
  const now = stamp();
  return events.flatMap((event) =>
    event.who === 'journal' ? [{ ...event, ns: now.ns - (now.at_ms - Date.parse(event.at)) * 1e6 }] : [],
  );
}

/** What the world was asked for is known by what it is to do, and by the key of the message. */
const NAMES: Names = {
  hashOf(question) {
    const { skill, params } = Asked.parse(question);
    return digestOf({ target: params.endpoint_id, state: skill === 'contain_endpoint' ? 'contained' : 'released' });
  },
  useOf: ({ task_id, effect_key }) => `${task_id}:${effect_key}`,
};

/** What the shipped driver posts, as far as the world cares. */
const Order = z.object({
  target: z.string(),
  desired: z.object({ state: z.string() }),
  agent_id: z.string(),
});
const Asked = z.object({
  skill: z.string(),
  params: z.object({ endpoint_id: z.string().optional().describe('of the responder; others name none') }),
});
