/** The orchestrator as a process: its key, the pins, the registry of addresses, its port. */
import { advertisedUrl, dialWebsocket, jsonRoute, listen } from '../mesh/index.ts';
import { createLedger, createOrchestrator } from '../orchestrator/index.ts';
import { fileBlobs } from '../seams/index.ts';
import { careOf } from './backup.ts';
import type { Config } from './config.ts';
import { fetchCard } from './http.ts';
import { ensureKey, identityOf, pinOf } from './keys.ts';
import { openLedgerStore } from './ledger-store.ts';
import { addPins, filePins, fileQuarantine } from './pins.ts';
import { placeOf } from './place.ts';
import { readinessRoute } from './readiness.ts';
import { removeNote, writeNote, type Running } from './running.ts';
import { bindingOf, processSeams, trustOf } from './seams.ts';
import { addressesOf } from './roster.ts';

/** Starts it on the data folder; makes and pins its key at the first start. */
export async function startOrchestrator(config: Config): Promise<Running> {
  const seams = processSeams(ORCHESTRATOR, config);
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
        ...(address === undefined ? {} : { address }),
        ...(signal ? { signal } : {}),
        ...(trust === undefined ? {} : { tls_ca: trust }),
      }),
    fetchCard: (target, address) => fetchCard(target, { trust, address }),
    agents: addressesOf(config),
    base_url: () => url.replace(/^ws/, 'http'),
    anonymous: config.mesh.anonymous,
    quarantine: fileQuarantine(place.quarantine, pins),
    networks: config.mesh.networks,
    mode: config.mode,
    ledger: createLedger(store, clock),
    storeHealth: store.health,
    care: careOf({ store, folder: place.backups, clock, log }),
    epoch: Number(store.epoch),
    bounds: { blobs: { blob_bytes_max: config.limits.input_bytes_max } },
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
      ...orchestrator.routes,
    ],
    allow_hosts: [...binding.allow_hosts, ...(advertise === undefined ? [] : [advertise])],
    onLink: (link) => orchestrator.accept(link),
    onFault: (err) => log.error({ err }, 'the port met a fault'),
  });
  url = advertisedUrl(port, advertise);
  orchestrator.start();
  writeNote(place.running, { url: localUrl(port.url), pid: process.pid, instance_id: self.instance_id });
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
      await port.close();
      await ledgerStore.close();
    },
  };
}

/** The address for somebody on this machine: whoever binds everywhere is on loopback too. */
const localUrl = (url: string): string => url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:\d+$)/, '//127.0.0.1');

/** Its id, service name and key folder. */
export const ORCHESTRATOR = 'orchestrator';
