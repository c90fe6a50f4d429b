/** X23: an agent's port begins to accept and to say nothing: its breaker opens, the dial ends by its own timeout, and others do the work. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { z } from 'zod';
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { ask, holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X23',
  name: 'accepts-never-upgrades',
  set: 'full',
  async run(_seed, kit) {
    const doors = new Map<string, Door>();
    const between = async (target_port: number, id: string) => {
      const door = await openDoor(target_port);
      doors.set(id, door);
      return door;
    };
    const mesh = await kit.start({ between });
    const held = await holdRunning(kit, mesh, HELD);
    const lost = mesh.runs().filter(({ agent_id }) => agent_id === 'double-b').length;
    kit.inject(`a tarpit on the port of double-b, which ran ${lost}`);
    const dials = doors.get('double-b')?.close_up() ?? [];
    await until('what was lost runs elsewhere', () => mesh.runs().length === HELD + lost);
    const { breakers } = Health.parse((await mesh.health()).body);
    await until('the dial is given up and tried again', () => dials.length >= 2, 40_000);
    const gave_up_ms = (dials[1] ?? 0) - (dials[0] ?? 0);
    kit.touch('go');
    const task_ids = [...held, ...(await ask(mesh, 10))];
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    kit.recovered();
    const { items } = Listed.parse(await mesh.caller.request('agent/list', {}));
    const about = items.find(({ agent_id }) => agent_id === 'double-b');
    const opened = breakers.map(({ agent_id, skill, state }) => `${agent_id} ${skill} ${state}`).join();
    return {
      verdict: [
        ...that(opened === 'double-b double_read open', `breakers: ${opened || 'none open'}`),
        ...that(about?.state === 'offline', `double-b is said to be ${about?.state ?? 'unknown'}`),
        ...that((about?.why ?? '') !== '', 'nobody says why double-b is offline'),
        ...that(
          tasks.every(({ state }) => state === 'completed'),
          'not all completed',
        ),
        ...within('giving up the dial', gave_up_ms, 30_000),
        ...(await mesh.finish()),
      ],
      figures: { gave_up_ms: Math.round(gave_up_ms), lost },
    };
  },
};

/** What stands before an agent: lets everything through, until it is closed up. */
interface Door {
  port: number;
  /** Cuts what goes through; from now on accepts and says nothing. Answers when somebody came, growing. */
  close_up(): number[];
  close(): Promise<void>;
}

async function openDoor(target_port: number): Promise<Door> {
  const sockets = new Set<Socket>();
  const dials: number[] = [];
  let is_tarpit = false;
  const keep = (socket: Socket) => void sockets.add(socket.on('error', () => undefined));
  const server = createServer((near) => {
    keep(near);
    if (is_tarpit) return void dials.push(performance.now());
    const far = connect(target_port, '127.0.0.1');
    keep(far);
    near.pipe(far).pipe(near);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close_up() {
      is_tarpit = true;
      cut();
      return dials;
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Half of them are with each agent: more than the failures in a row that open a breaker. */
const HELD = 16;
const Health = z.object({
  breakers: z.array(z.object({ agent_id: z.string(), skill: z.string(), state: z.string() })),
});
const Listed = z.object({
  items: z.array(z.object({ agent_id: z.string(), state: z.string(), why: z.string().optional() })),
});
