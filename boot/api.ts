/** The API beside the orchestrator: its records on the same store, its own port. */
import type { KeyObject } from 'node:crypto';
import {
  addMissedDecisions,
  createApi,
  createFeed,
  createSigningKeys,
  createStanding,
  tellAlertOn,
  type Api,
  type Gateway,
} from '../api/index.ts';
import { hostOf, listen, LISTEN_BOUNDS, type Pins } from '../mesh/index.ts';
import { narrowMode, type Ledger, type Orchestrator, type OnTold, type Standing } from '../orchestrator/index.ts';
import { AuroraError, type Mode } from '../protocol/index.ts';
import { localBus, sleep, VERSION } from '../seams/index.ts';
import { openRecords, type Records } from '../soc/index.ts';
import type { Store } from '../store/index.ts';
import { fileKeyShelf } from './api-keys.ts';
import type { Config } from './config.ts';
import { tellFirstAdmin } from './first-admin.ts';
import type { DataFolder } from './place.ts';
import { digestSealing } from './sealing.ts';
import { bindingOf, type ProcessSeams } from './seams.ts';

/** What it stands on. */
export interface FaceDeps {
  config: Config;
  seams: ProcessSeams;
  place: DataFolder;
  store: Store;
  ledger: Ledger;
  pins: Pins;
  /** The orchestrator's own. */
  key: KeyObject;
}

/** What the orchestrator is given before the port is there: who hears what it tells, the mode in force, and who may still act. */
export interface Face {
  onTold: OnTold;
  mode: () => Mode;
  standing: Standing;
  /** Opens the port. */
  open(orchestrator: Gateway & Pick<Orchestrator, 'rules'>): Promise<OpenFace>;
}

/** An open port. */
export interface OpenFace {
  /** `http://127.0.0.1:8080` */
  url: string;
  close(): Promise<void>;
}

/** Opens the records and makes the first administrator where nobody is; undefined where no API is wanted. */
export async function prepareApi(deps: FaceDeps): Promise<Face | undefined> {
  const { config, seams, place, store, ledger, pins, key } = deps;
  const { port: asked } = config.api;
  if (asked === undefined || asked === 'off') return undefined;
  const wanted = asked;
  bindingOf('api', config); // what cannot be bound is said before anything is made
  const { clock, log } = seams;
  const bus = localBus(clock, Number(store.epoch));
  const feed = createFeed({ ...seams, bus, ledger });
  let api: Api | undefined;
  const records = await openRecords({
    ...seams,
    store,
    onAccessChanged: () => api?.onAccessChanged(),
    onAlert: tellAlertOn(bus),
  });
  const made = await records.users.ensureAdmin();
  const told_in = made && tellFirstAdmin(made, { path: place.firstAdmin, terminal: process.stderr });
  if (told_in !== undefined) log.warn({ path: told_in }, 'the password of the first administrator is in this file');

  // What somebody chose while it ran never widens what the configuration says now.
  let mode = narrowMode(config.mode, records.settings.now().mode);
  return {
    onTold: feed.onTold,
    mode: () => mode,
    standing: createStanding(records.users),
    open,
  };

  async function open(orchestrator: Parameters<Face['open']>[0]): Promise<OpenFace> {
    const binding = bindingOf('api', config);
    const { proxies } = config.api;
    const served = await createApi({
      ...seams,
      records,
      bus,
      feed,
      ledger,
      orchestrator,
      signing: createSigningKeys(fileKeyShelf(place.apiKeys), clock),
      sealed: digestSealing(key),
      version: VERSION,
      mode: () => mode,
      setMode: (chosen) => (mode = chosen),
      configured_mode: config.mode,
      assertMode: (wanted) => assertMode(wanted, config),
      fixed: fixedOf(config, orchestrator),
      isEnrolled: (agent_id) => pins.of(agent_id)?.role === 'agent',
      askDatabase: () => store.db.selectFrom('meta').select('key').limit(1).executeTakeFirst(),
      proxies,
      origins: config.origins,
    });
    api = served;
    await feed.resume();
    await addMissedDecisions({ ledger, audit: records.audit, log });
    const port = await listen({
      ...binding,
      port: wanted,
      ...seams,
      // Behind a proxy everybody comes from one address.
      bounds:
        proxies.length === 0 ? LISTEN_BOUNDS : { ...LISTEN_BOUNDS, links_per_remote_max: LISTEN_BOUNDS.links_max },
      allow_hosts: [...binding.allow_hosts, ...(binding.advertise === undefined ? [] : [hostOf(binding.advertise)])],
      handle: (request, response) => served.handle(request, response),
      headers: (request) => served.headers(request),
      agree: () => '',
      admit: (request) => served.admit(request),
      onLink: (link, request) => served.onLink(link, request),
      onFault: (err) => log.error({ err }, 'the port of the API met a fault'),
    });
    const ended = new AbortController();
    const pruning = keepPruning(records, deps, ended.signal);
    const url = port.url.replace(/^ws/, 'http');
    log.info({ url, docs: `${url}/docs` }, 'the API serves');
    return {
      url,
      async close() {
        ended.abort();
        await served.close();
        await port.close();
        await pruning;
      },
    };
  }
}

/** What may be lost must not act (PROM-P1). */
function assertMode(wanted: Mode, { ledger }: Config): void {
  if (wanted !== 'active' || ledger.durability === 'full') return;
  throw new AuroraError(4220, { message: `Validation failed: /mode active needs ledger.durability full` });
}

function fixedOf({ flow }: Config, { rules }: Pick<Orchestrator, 'rules'>) {
  const set = Object.entries(flow).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    approval_ms: rules.approval_ms,
    protected_assets: [...rules.protected_assets],
    flow: Object.fromEntries(set),
  };
}

async function keepPruning(records: Records, { config, seams }: FaceDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = seams;
  while (!signal.aborted) {
    await records
      .prune(clock.now() - config.ledger.retention_days * DAY_MS)
      .catch((err: unknown) => log.warn({ err }, 'what is over could not be forgotten'));
    await sleep(clock, PRUNE_MS, signal).catch(() => undefined);
  }
}

const PRUNE_MS = 3_600_000;
const DAY_MS = 86_400_000;
