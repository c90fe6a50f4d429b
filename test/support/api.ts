/** The API on a real port of this machine, in front of a mesh in this process; people of every role are signed in. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import {
  createApi,
  createFeed,
  createSigningKeys,
  createStanding,
  tellAlertOn,
  type Api,
  type KeyShelf,
} from '../../api/index.ts';
import { STREAM_LIMITS } from '../../api/streams.ts';
import { listen, type Agent, type Link, type Port } from '../../mesh/index.ts';
import type { OrchestratorDeps } from '../../orchestrator/index.ts';
import type { BoundRoute, Mode, UserRole } from '../../protocol/index.ts';
import { localBus, systemClock, systemIds, systemRandom, type Bus, type Clock } from '../../seams/index.ts';
import { openRecords, type Records } from '../../soc/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { startMesh, type TestMesh } from './mesh.ts';
import { CHEAP } from './soc.ts';

/** What came back. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: Body;
}

/** What a test may look at; which of it is there depends on what was asked. */
export interface Body {
  error: { code: string; message: string; detail: unknown; timestamp: string; request_id: string; retryable: boolean };
  items: Record<string, unknown>[];
  next_cursor: string | null;
  access_token: string;
  refresh_token: string;
  api_key: string;
  key_id: string;
  username: string;
  role: string;
  permissions: string[];
  one_time_password: string | null;
  alert_id: string;
  title: string;
  status: string;
  version: number;
  task_id: string;
  investigation_id: string;
  state: string;
  result: unknown;
  approval_id: string;
  approval: { approval_id: string; action_hash: string };
  ticket: string;
  mode: string;
  paths: Record<string, Record<string, { 'x-aurora': { keeps: string[]; permission: string } }>>;
}

/** How one request is made. */
export interface Ask {
  /** A role or a username whose token goes with it; nobody unless said. */
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent as it stands instead of `body`. */
  raw?: string;
}

/** A frame of a stream. */
export interface Frame {
  type: string;
  seq: number;
  at: string;
  id: string | null;
  data: Record<string, unknown>;
}

/** A followed stream. */
export interface Followed {
  frames: Frame[];
  /** Frames that say something: no heartbeats. */
  events(): Frame[];
  /** Resolves with the first that fits, also one that came before. */
  until(fits: (frame: Frame) => boolean): Promise<Frame>;
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
  socket: WebSocket;
}

/** A running API. */
export interface TestApi {
  url: string;
  port: number;
  api: Api;
  mesh: TestMesh;
  records: Records;
  store: Store;
  bus: Bus;
  clock: ShiftedClock;
  shelf: KeyShelf;
  tokens: Map<string, string>;
  setMode(mode: Mode): void;
  call(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** Rejects with the status, the headers and the body when the upgrade is refused. */
  follow(path: string, ask?: Pick<Ask, 'as' | 'headers'>): Promise<Followed>;
  /** Makes a user and signs them in. */
  signIn(username: string, role: UserRole): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startApi(
  agents: readonly Agent[] = [],
  options: {
    orchestrator?: Partial<OrchestratorDeps>;
    /** The two ends of a link to an agent; in memory unless said. */
    link?: (url: string) => [Link, Link];
    bindings?: readonly (readonly [string, BoundRoute])[];
    origins?: readonly string[];
    proxies?: readonly string[];
    mode?: Mode;
    /** Requests a minute of one user; tests ask more often than people, unless they want what everybody has. */
    user_minute_max?: number | 'as_shipped';
    streams_per_caller_max?: number;
    /** Of the event loop; a busy machine holds it up, and nothing is refused for that unless it is tried. */
    lag_ms_max?: number;
    /** Counts the processes before this one. */
    epoch?: number;
  } = {},
): Promise<TestApi> {
  const clock = shiftedClock();
  let mode: Mode = options.mode ?? 'monitor';
  const bus = localBus(systemClock, options.epoch ?? 1);
  const known: { mesh?: TestMesh; api?: Api; records?: Records } = {};
  const ledger = {
    get: async (task_id: string) => known.mesh?.ledger.get(task_id),
    list: async (query: Parameters<TestMesh['ledger']['list']>[0]) => known.mesh?.ledger.list(query) ?? [],
    page: async (query: Parameters<TestMesh['ledger']['page']>[0]) =>
      known.mesh?.ledger.page(query) ?? { rows: [], next: null },
  };
  const mesh = await startMesh(agents, {
    ...(options.link && { link: options.link }),
    orchestrator: {
      mode: () => mode,
      onTold: (task, event) => feed.onTold(task, event),
      standing: (word) => (known.records ? createStanding(known.records.users)(word) : true),
      ...options.orchestrator,
    },
  });
  known.mesh = mesh;
  const { log, metrics } = mesh;
  const feed = createFeed({ bus, clock: systemClock, log, ledger });
  const seams = { clock, ids: systemIds(() => clock.now()), random: systemRandom, log, metrics };
  const store = await openStore({ file: ':memory:', durability: 'full', clock: systemClock, log });
  const records = await openRecords({
    ...seams,
    store,
    cost: CHEAP,
    onAccessChanged: () => known.api?.onAccessChanged(),
    onAlert: tellAlertOn(bus),
  });
  known.records = records;
  const kept: ReturnType<KeyShelf['list']> = [];
  const shelf: KeyShelf = {
    list: () => [...kept],
    add(made_at) {
      const made = { made_at, private_key: generateKeyPairSync('ed25519').privateKey };
      kept.push(made);
      return made;
    },
  };
  const api = await createApi({
    ...seams,
    records,
    bus,
    feed,
    ledger,
    orchestrator: mesh.orchestrator,
    signing: createSigningKeys(shelf, clock),
    sealed: (digest) => createHmac('sha256', 'of this test').update(digest).digest('hex'),
    version: '0.0.0',
    mode: () => mode,
    setMode: (chosen) => (mode = chosen),
    configured_mode: 'monitor',
    assertMode: () => undefined,
    fixed: { approval_ms: 1_800_000, protected_assets: [], flow: {} },
    askDatabase: async () => store.db.selectFrom('meta').select('key').limit(1).executeTakeFirst(),
    origins: options.origins ?? [],
    proxies: options.proxies ?? [],
    bindings: options.bindings ?? [],
    lag_ms_max: options.lag_ms_max ?? 600_000,
    ...(options.streams_per_caller_max !== undefined && {
      stream_limits: { ...STREAM_LIMITS, streams_per_caller_max: options.streams_per_caller_max },
    }),
  });
  known.api = api;
  const port = await openPort(api, seams, options.origins ?? []);
  const url = port.url.replace('ws', 'http');
  const { user_minute_max = 100_000 } = options;
  if (user_minute_max !== 'as_shipped')
    await records.settings.change({ sub: 'system' }, { limits: { user_minute_max } });
  await mesh.online(agents.length);

  const tokens = new Map<string, string>();
  const call = (method: string, path: string, ask: Ask = {}) => send(port.port, method, path, withToken(ask, tokens));
  const signIn = async (username: string, role: UserRole) => {
    const password = `${username} has a password`;
    await records.users.create({ sub: 'system' }, { username, role, password });
    const session = await records.sessions.begin({ sub: `user:${username}` }, (await records.users.find(username))!);
    const refreshed = await call('POST', '/api/v1/auth/refresh', { body: { refresh_token: session.refresh_token } });
    // Without a token whatever they ask would be 401, far from here.
    if (refreshed.status !== 200)
      throw new Error(`${username} was not signed in: ${refreshed.status} ${refreshed.text}`);
    tokens.set(username, refreshed.body.access_token);
    return refreshed.body.access_token;
  };
  // Where that is tried nobody is signed in: it might be refused.
  const roles = options.lag_ms_max === undefined ? (['admin', 'analyst', 'operator', 'viewer'] as const) : [];
  for (const role of roles) await signIn(role, role);

  return {
    url,
    port: port.port,
    api,
    mesh,
    records,
    store,
    bus,
    clock,
    shelf,
    tokens,
    setMode: (chosen) => (mode = chosen),
    call,
    follow: (path, ask = {}) => follow(`${port.url}${path}`, withToken(ask, tokens)),
    signIn,
    async stop() {
      await api.close();
      await port.close();
      await mesh.orchestrator.drain(0);
      await store.close();
    },
  };
}

/** A clock whose two times can be moved; its timers are real. */
export interface ShiftedClock extends Clock {
  shift(by_ms: number): void;
}

function shiftedClock(): ShiftedClock {
  let offset = 0;
  return {
    now: () => systemClock.now() + offset,
    monotonic: () => systemClock.monotonic() + offset,
    after: (delay_ms, run) => systemClock.after(delay_ms, run),
    shift: (by_ms) => void (offset += by_ms),
  };
}

function openPort(
  api: Api,
  seams: Pick<Parameters<typeof listen>[0], 'clock' | 'ids' | 'random'>,
  origins: readonly string[],
): Promise<Port> {
  return listen({
    ...seams,
    host: '127.0.0.1',
    port: 0,
    allow_origins: origins,
    handle: (request, response) => api.handle(request, response),
    headers: (request) => api.headers(request),
    agree: () => '',
    admit: (request) => api.admit(request),
    onLink: (link, request) => api.onLink(link, request),
  });
}

function withToken<T extends Pick<Ask, 'as' | 'headers'>>(ask: T, tokens: ReadonlyMap<string, string>): T {
  if (ask.as === undefined) return ask;
  return { ...ask, headers: { authorization: `Bearer ${tokens.get(ask.as) ?? ''}`, ...ask.headers } };
}

/** One request on a connection of its own. */
export function send(
  port: number,
  method: string,
  path: string,
  { body, raw, headers = {} }: Ask = {},
): Promise<Answer> {
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const request = requestHttp(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        let said = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (said += chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: said,
            body: parsed(said) as Body,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function follow(url: string, { headers = {} }: Pick<Ask, 'headers'>): Promise<Followed> {
  const socket = new WebSocket(url, { headers });
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (data: Buffer) => {
    frames.push(JSON.parse(data.toString()) as Frame);
    for (const look of [...waiting]) look();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const followed: Followed = {
    frames,
    events: () => frames.filter(({ type }) => type !== 'heartbeat'),
    until: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = frames.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    closed,
    close: () => socket.close(),
    socket,
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(followed));
    socket.once('unexpected-response', (_request, response) => {
      const { statusCode: status, headers: told } = response;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        socket.terminate();
        reject(Object.assign(new Error(`refused with ${status}`), { status, headers: told, body: parsed(text) }));
      });
    });
    socket.once('error', reject);
  });
}
