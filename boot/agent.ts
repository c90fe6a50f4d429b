/** One agent as a process: its own key, the pins, its port. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve, type Agent } from '../mesh/index.ts';
import { threadWorkers } from '../seams/index.ts';
import { openInbox } from '../store/index.ts';
import { announce } from './announce.ts';
import type { Config } from './config.ts';
import { openEffects } from './effects.ts';
import { openBlob } from './http.ts';
import { identityOf, readKey } from './keys.ts';
import { filePins } from './pins.ts';
import { placeOf } from './place.ts';
import { bindingOf, processSeams, quotaOf, trustOf, type ProcessSeams } from './seams.ts';
import type { Running } from './running.ts';

/** Serves an agent with the key of its id in the data folder. Rejects when there is none, or the port is taken. */
export async function startAgent(agent: Agent, config: Config): Promise<Running> {
  const seams = await processSeams(agent.id, config);
  const place = placeOf(config.data);
  const self = identityOf(agent.id, readKey(place.keyFile(agent.id)), seams.ids, agent.name);
  const pins = filePins(place.pins, (err) =>
    seams.log.error({ err }, 'the pins cannot be read: what they said last counts'),
  );
  const trust = trustOf(config);
  const reach = agent.skills.some(({ effect }) => effect !== 'read') ? openReach(agent.id, config, seams) : undefined;
  const workers = threadWorkers({ clock: seams.clock }); // none is started before the first job
  const served = await serve(agent, {
    ...seams,
    workers,
    ...bindingOf(agent.id, config),
    ...(reach && { inbox: reach.inbox, effects: reach.effects.driver }),
    self,
    pins,
    anonymous: config.mesh.anonymous,
    quota: quotaOf(config),
    openRef: (ref, routing) => openBlob(ref, routing, trust),
  }).catch(async (reason: unknown) => {
    await reach?.close();
    throw reason;
  });
  const leave =
    config.orchestrator === undefined
      ? undefined
      : announce(config.orchestrator, served, { ...seams, self, pins, trust });
  seams.log.info({ url: served.url, instance_id: self.instance_id }, 'serving');
  return {
    id: agent.id,
    url: served.url,
    port: served.port,
    instance_id: self.instance_id,
    log: seams.log,
    async drain() {
      leave?.();
      await served.drain(config.limits.drain_ms);
      await workers.close();
      await reach?.close();
    },
  };
}

/** What an agent needs that does more than read: the inbox that its replicas share, and the way to the world outside. */
function openReach(agent_id: string, config: Config, seams: ProcessSeams) {
  const folder = placeOf(config.data).inbox;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const effects = openEffects(agent_id, config, seams);
  const inbox = openInbox({ file: join(folder, `${agent_id}.db`), clock: seams.clock });
  return {
    inbox,
    effects,
    async close() {
      inbox.close();
      await effects.close();
    },
  };
}
