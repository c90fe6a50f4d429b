/** X24: another process, with another key, takes the port of an agent that died: it is given nothing; the agent comes back (ATK-E1). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { enrollAgent, ensureFleetKeys, loadConfig } from '../../../boot/index.ts';
import { readHistory } from '../history.ts';
import { createProcess } from '../process.ts';
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X24',
  name: 'port-impostor',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start({ proxied: true });
    const data = kit.file('impostor');
    mkdirSync(data);
    const config = loadConfig({ env: {}, flags: { data, agents: ['double-b=ws://127.0.0.1:1'] } });
    ensureFleetKeys(config);
    enrollAgent(config, 'double-b'); // its own key, under the same name
    const seen = kit.file('impostor.jsonl');
    const flags = JSON.stringify({ data, port: mesh.port('double-b'), hosts: ['127.0.0.1'] });
    const impostor = createProcess({
      name: 'impostor',
      entry: join(import.meta.dirname, '..', 'double.mjs'),
      args: [flags, seen, kit.folder],
      env: { DOUBLE_ID: 'double-b' },
      log: kit.file('impostor.log'),
    });
    kit.onEnd(() => impostor.end('SIGKILL'));

    kit.inject('double-b dies, and somebody else is on its port');
    await mesh.agent('double-b').end('SIGKILL');
    await impostor.start();
    const isRefused = () => /an agent was refused/.test(mesh.orchestrator.words());
    await until('it is dialled and refused', isRefused);
    const task_ids = await ask(mesh, 20);
    await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    await impostor.end('SIGKILL');
    kit.inject('the impostor leaves, double-b is back');
    await mesh.agent('double-b').start();
    await mesh.caller.online(['double-b'], 60_000);
    const recovery_ms = kit.recovered();
    return {
      verdict: [...that(readHistory(seen).length === 0, 'the impostor was given work'), ...(await mesh.finish())],
      recovery_ms,
    };
  },
};
