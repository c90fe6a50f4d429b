/** The orchestrator as a process: its key, the pins, the registry of addresses, its port. */
import { advertisedUrl, dialWebsocket, jsonRoute, listen } from '../mesh/index.ts';
import { createLedger, createOrchestrator, keyMsOf, PolicyRules } from '../orchestrator/index.ts';
import { fileBlobs } from '../seams/index.ts';
import { drainedIn } from '../soc/index.ts';
import { prepareApi } from './api.ts';
import { careOf } from './backup.ts';
import type { Config } from './config.ts';
import { boundsOf } from './flow.ts';
import { fetchCard } from './http.ts';
import { ensureKey, identityOf, pinOf } from './keys.ts';
import { ConfigError } from './layers.ts';
import { openLedgerStore } from './ledger-store.ts';
import { metricsRoute } from './metrics.ts';
import { notifierOf } from './notify.ts';
import { fileOffers } from './offers.ts';
import { ownHosts } from './own-hosts.ts';
import { addPins, filePins } from './pins.ts';
import { placeOf } from './place.ts';
import { fileQuarantine } from './quarantine.ts';
import { readinessRoute } from './readiness.ts';
import { addressesOf } from './roster.ts';
import { removeNote, writeNote, type Running } from './running.ts';
import { bindingOf, processSeams, quotaOf, trustOf } from './seams.ts';

/** Starts it on the data folder; makes and pins its key at the first start. */
export async function startOrchestrator(config: Config): Promise<Running> {
  const seams = await processSeams(ORCHESTRATOR, config);
  const { clock, ids, random, log } = seams;
  const place = placeOf(config.data);
  const key = ensureKey(place.keyFile(ORCHESTRATOR));
  addPins(place.pins, [pinOf(ORCHESTRATOR, 'orchestrator', key)]);
  const self = identityOf(ORCHESTRATOR, key, ids, 'Orchestrator');
  const pins = filePins(place.pins, (err) => log.error({ err }, 'the pins cannot be read: what they said last counts'));
  const trust = trustOf(config);
  const binding = bindingOf(ORCHESTRATOR, config);
  const { advertise } = binding;
  const ledgerStore = await openLedgerStore({ config, place, seams, key });
  const { store } = ledgerStore;
  const rules = rulesOf(config);
  const ledger = createLedger(store, clock, { key_ms_min: keyMsOf(rules) });
  const notify = notifierOf(config, seams);
  const face = await prepareApi({ config, seams, place, store, ledger, pins, key });
  let url = '';
  const orchestrator = createOrchestrator({
    ...seams,
    self,
    pins,
    blobs: fileBlobs(place.blobs),
    dial: (target, { protocol, address, signal }) =>
      dialWebsocket({
        url: target,
        protocol,
        clock,
        random,
        onFault: (err) => log.error({ url: target, err }, 'a frame of an agent met a fault'),
        ...(address === undefined ? {} : { address }),
        ...(signal ? { signal } : {}),
        ...(trust && { tls: trust }),
      }),
    fetchCard: (target, address) => fetchCard(target, { trust, address }),
    agents: addressesOf(config),
    base_url: () => url.replace(/^ws/, 'http'),
    anonymous: config.mesh.anonymous,
    quota: quotaOf(config),
    agent_quota: quotaOf(config),
    quarantine: fileQuarantine(place.quarantine, pins),
    offers: fileOffers(place.offers),
    networks: config.mesh.networks,
    mode: face?.mode ?? config.mode,
    ledger,
    ...(face && { onTold: face.onTold, standing: face.standing }),
    drained: await drainedIn(store),
    storeHealth: store.health,
    care: careOf({ store, folder: place.backups, clock, log }),
    epoch: Number(store.epoch),
    rules,
    own_hosts: [ORCHESTRATOR, ...ownHosts(advertise)],
    ...(notify && { notify }),
    bounds: { blobs: { blob_bytes_max: config.limits.input_bytes_max }, ...boundsOf(config.flow) },
  });
  await orchestrator.recover();
  const port = await listen({
    ...binding,
    clock,
    ids,
    random,
    routes: [
      jsonRoute('/health', () => ({ ...orchestrator.health(), durability: store.assurance })),
      readinessRoute(orchestrator.unready),
      metricsRoute(seams.metrics, config.tls === 'terminated-by-proxy'),
      ...orchestrator.routes,
    ],
    onLink: (link) => orchestrator.accept(link),
    log,
    onFault: (err) => log.error({ err }, 'the port met a fault'),
  });
  url = advertisedUrl(port, advertise);
  orchestrator.start();
  const api = await face?.open(orchestrator);
  writeNote(place.running, {
    url: localUrl(port.url),
    pid: process.pid,
    instance_id: self.instance_id,
    ...(api && { api_url: localUrl(api.url) }),
  });
  log.info({ url, instance_id: self.instance_id }, 'serving');

  return {
    id: ORCHESTRATOR,
    url,
    port: port.port,
    instance_id: self.instance_id,
    log,
    lost: ledgerStore.lost,
    async drain() {
      removeNote(place.running, self.instance_id);
      await orchestrator.drain(config.limits.drain_ms);
      await api?.close();
      await port.close();
      await ledgerStore.close();
    },
  };
}

/** The rules of the policy. Throws a ConfigError naming the first that is none. */
function rulesOf({ policy }: Config): PolicyRules {
  const parsed = PolicyRules.safeParse(policy);
  const [issue] = parsed.error?.issues ?? [];
  if (parsed.success) return parsed.data;
  throw new ConfigError(`policy.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
}

/** The address for somebody on this machine: whoever binds everywhere is on loopback too. */
const localUrl = (url: string): string => url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:\d+$)/, '//127.0.0.1');

/** Its id, service name and key folder. */
export const ORCHESTRATOR = 'orchestrator';
