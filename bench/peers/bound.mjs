/**
 * As far as a relay gets that keeps the record which promises.md asks for, and does nothing else: raw `ws` with its writes held
 * together, both schemas judged, one log line, and the product's own store, written before a call is handed over and before it is
 * answered. It proves nobody, bounds nothing, routes nothing and tells nobody: whatever an orchestrator does can only cost more.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { shipped } from '../product/shipped.mjs';
import { play } from './role.mjs';
import { dial, sender, serve } from './sockets.mjs';

const { openStore } = await shipped('store');
const { pinoLog, systemClock: clock, systemIds, toIso } = await shipped('seams');

const Ioc = z.object({ type: z.string(), value: z.string() });
const Params = z.object({ alert_id: z.string(), iocs: z.array(Ioc).min(1) });
const Result = z.object({
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  confidence: z.number().min(0).max(1),
  mitre_techniques: z.array(z.string()),
  iocs: z.array(Ioc),
});

/** Its agent and its caller are those of the bare relay. */
await play({
  async router(address, durability) {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-bench-bound-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const ids = systemIds(() => clock.now());
    const lines = openSync(join(folder, 'log'), 'a');
    process.once('exit', () => closeSync(lines));
    const log = pinoLog({ level: 'info', name: 'bound', write: (line) => void writeSync(lines, line) });
    const store = await openStore({ file: join(folder, 'ledger.sqlite'), durability, clock, log });

    const agent = await dial(address);
    const toAgent = sender(agent, 'cork');
    const pending = new Map();
    let last = 0;
    agent.on('message', async (data) => {
      const { id, result } = JSON.parse(data);
      const { asked, send, task_id } = pending.get(id);
      pending.delete(id);
      const kept = Result.parse(result);
      const arrows = [{ type: 'succeeded', fence: 1, payload: { result: kept } }];
      await store.append({ task_id, at: now(), arrows });
      log.info({ task_id, method: asked.method }, 'a task was done');
      send(JSON.stringify({ jsonrpc: '2.0', id: asked.id, result: kept }));
    });
    return serve((socket) => {
      const send = sender(socket, 'cork');
      socket.on('message', async (data) => {
        const asked = JSON.parse(data);
        const params = Params.parse(asked.params);
        const [task_id, at] = [ids.next('task'), now()];
        await store.append(accepted({ task_id, at, params }));
        pending.set(++last, { asked, send, task_id });
        toAgent(JSON.stringify({ jsonrpc: '2.0', id: last, method: asked.method, params }));
      });
    });
  },
});

const now = () => toIso(clock.now());

/** As the orchestrator writes an acceptance whose agent is free. */
function accepted({ task_id, at, params }) {
  const skill = 'analyze_threat';
  const [root_id, parent_id, deadline] = [task_id, null, at];
  const actor = { sub: 'operator:local', scope: ['effect:read'] };
  const lease = { agent_id: 'threat-intel', hop: 1, path: ['operator:local', 'orchestrator'], actor, effect: 'read' };
  const asked = { ...lease, task_id, root_id, from: 'local', skill, params, mode: 'monitor', priority: 5, deadline };
  const arrows = [
    { type: 'accepted', payload: { ...asked, created_at: at, traceparent: TRACE } },
    { type: 'queued', payload: null },
    { type: 'leased', fence: 1, payload: { ...lease, instance_id: 'threat-intel-1' } },
  ];
  return { task_id, at, arrows, opens: { root_id, parent_id, skill, deadline } };
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
