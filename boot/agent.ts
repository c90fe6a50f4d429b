/** One agent as a process: its own key, the pins, its port. */
import { serve, type Agent } from '../mesh/index.ts';
import { announce } from './announce.ts';
import type { Config } from './config.ts';
import { openBlob } from './http.ts';
import { identityOf, readKey } from './keys.ts';
import { filePins } from './pins.ts';
import { placeOf } from './place.ts';
import { bindingOf, processSeams, trustOf } from './seams.ts';
import type { Running } from './running.ts';

/** Serves an agent with the key of its id in the data folder. Rejects when there is none, or the port is taken. */
export async function startAgent(agent: Agent, config: Config): Promise<Running> {
  const seams = processSeams(agent.id, config);
  const place = placeOf(config.data);
  const self = identityOf(agent.id, readKey(place.keyFile(agent.id)), seams.ids, agent.name);
  const pins = filePins(place.pins, (err) =>
    seams.log.error({ err }, 'the pins cannot be read: what they said last counts'),
  );
  const trust = trustOf(config);
  const served = await serve(agent, {
    ...seams,
    ...bindingOf(agent.id, config),
    self,
    pins,
    anonymous: config.mesh.anonymous,
    openRef: (ref, routing) => openBlob(ref, routing, trust),
  });
  const leave =
    config.orchestrator === undefined
      ? undefined
      : announce(config.orchestrator, served.url, { ...seams, self, pins, trust });
  seams.log.info({ url: served.url, instance_id: self.instance_id }, 'serving');
  return {
    id: agent.id,
    url: served.url,
    port: served.port,
    instance_id: self.instance_id,
    log: seams.log,
    drain: () => {
      leave?.();
      return served.drain(config.limits.drain_ms);
    },
  };
}
