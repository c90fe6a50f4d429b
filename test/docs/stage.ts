/** Where the frames of docs/protocol.md are played: an orchestrator, two agents of ours, one of a stranger, and people with keys. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { agents } from '../../agents/index.ts';
import { startAgent } from '../../boot/agent.ts';
import { addOperator, ensureFleetKeys, enrollAgent, loadConfig, placeOf, type Config } from '../../boot/index.ts';
import { startOrchestrator } from '../../boot/orchestrator.ts';
import type { Running } from '../../boot/running.ts';
import { digestOf } from '../../mesh/index.ts';
import { freePorts } from '../support/ports.ts';
import { rawLink, type RawLink } from './raw-link.ts';
import type { Values } from './transcript.ts';

/** The stage. */
export interface Stage {
  /** The text of the page with the ports that are free here. */
  atHome(text: string): string;
  /** The link of that name, opened when it is asked for first; `desk` is the one on which the orchestrator called. */
  link(name: string): Promise<RawLink>;
  /** What a name on the page stands for when the page has to say it before anybody else did. */
  valueOf(name: string): unknown;
  values: Values;
  /** Something that happens and is no frame. */
  act(direction: string): Promise<void>;
  links(): [string, RawLink][];
  data: string;
  close(): Promise<void>;
}

/** Opens it. `card` is the card of the stranger's agent, as the page shows it. */
export async function openStage(card: string): Promise<Stage> {
  const data = mkdtempSync(join(tmpdir(), 'aurora-protocol-'));
  const ports = await freePorts(Object.keys(PORTS).length);
  const moved = Object.keys(PORTS).map((id, index) => [PORTS[id], ports[index] ?? 0] as const);
  const atHome = (text: string) => moved.reduce((all, [from, to]) => all.replaceAll(`:${from}`, `:${to}`), text);
  const portOf = (id: string) => ports[Object.keys(PORTS).indexOf(id)] ?? 0;
  const config = configOf(data, portOf);
  ensureFleetKeys(config);
  for (const name of ['ann', 'bob']) addOperator(config, name);
  enrollAgent(config, 'file-desk');
  const stranger = generateKeyPairSync('ed25519').privateKey;

  const desk = openDesk(atHome(card), portOf('file-desk'));
  const running: Running[] = [];
  for (const id of OURS) running.push(await startAgent(await agents[id]!(), { ...config, port: portOf(id) }));
  const orchestrator = await startOrchestrator({ ...config, port: portOf('orchestrator') });
  let drained: Promise<void> | undefined;

  const values: Values = new Map();
  const opened = new Map<string, RawLink>();
  const keyOf = (id: string) => createPrivateKey(readFileSync(placeOf(data).keyFile(id)));
  const dial = (id: string, protocols: string[]) => rawLink(new WebSocket(`ws://127.0.0.1:${portOf(id)}`, protocols));

  const makers: Record<string, () => unknown> = {
    now: () => new Date().toISOString(),
    card_digest: () => digestOf(JSON.parse(atHome(card))),
    my_public_key: () => publicKeyOf(stranger),
    blob_sha256: () => createHash('sha256').update(BLOB).digest('hex'),
  };
  for (const [name, { id, port, challenge, connection_id, key }] of Object.entries(PROOFS)) {
    makers[name] = () => {
      const parts = [String(values.get(challenge)), id, `${id}-1`, `127.0.0.1:${portOf(port)}`, connection_id];
      return proofOf(key === 'stranger' ? stranger : keyOf(id), parts);
    };
  }

  const directions: Record<string, () => Promise<void> | void> = {
    'the link is lost': () => {
      opened.get('desk')?.cut();
      opened.delete('desk');
    },
    'the orchestrator is told to stop': () => {
      drained = orchestrator.drain();
    },
  };

  return {
    atHome,
    values,
    data,
    links: () => [...opened],
    async link(name) {
      const known = opened.get(name);
      if (known) return known;
      const made = await open(name);
      opened.set(name, made);
      return made;
    },
    valueOf(name) {
      if (!values.has(name)) {
        const make = makers[name] ?? (name.endsWith('challenge') ? () => challengeOf(name) : undefined);
        if (!make) throw new Error(`<${name}> is sent before anybody knows it`);
        values.set(name, make());
      }
      return values.get(name);
    },
    async act(direction) {
      const happen = directions[direction];
      if (!happen) throw new Error(`no stage direction: ${direction}`);
      await happen();
    },
    async close() {
      for (const link of opened.values()) link.cut();
      await (drained ?? orchestrator.drain());
      await Promise.all(running.map((part) => part.drain()));
      await desk.close();
      rmSync(data, { recursive: true, force: true });
    },
  };

  async function open(name: string): Promise<RawLink> {
    if (name === 'desk') return desk.next();
    if (name.startsWith('bare')) return dial('threat-intel', []);
    if (name.startsWith('agent')) return dial('threat-intel', ['mesh.v1']);
    if (name === 'register' || name === 'stranger') return dial('orchestrator', ['mesh.v1']);
    if (name !== 'ann' && name !== 'bob') throw new Error(`nobody is called ${name}`);
    const link = dial('orchestrator', ['mesh.v1']);
    await greet(link, `operator:${name}`);
    return link;
  }

  /** The hello of a person, as the page shows it once. */
  async function greet(link: RawLink, id: string): Promise<void> {
    const said: Values = new Map();
    const agent = { agent_id: id, instance_id: `${id}-1`, name: id, version: '1.0.0' };
    const params = { versions: ['mesh.v1'], agent, challenge: challengeOf(id) };
    link.send(JSON.stringify({ jsonrpc: '2.0', id: 'hello', method: 'mesh/hello', params }));
    await link.take('{"jsonrpc":"2.0","id":"hello","result":{…}}', said);
    await link.take('{"jsonrpc":"2.0","id":<id>,"method":"mesh/hello","params":{"challenge":"<challenge>",…}}', said);
    const dialled = `127.0.0.1:${portOf('orchestrator')}`;
    const proof = proofOf(keyOf(id), [String(said.get('challenge')), id, `${id}-1`, dialled, 'conn_p']);
    const result = { version: 'mesh.v1', agent, connection_id: 'conn_p', server_time: new Date().toISOString(), proof };
    link.send(JSON.stringify({ jsonrpc: '2.0', id: said.get('id'), result }));
  }
}

/** Ed25519 over the parts that the page names, made without our own code. */
export const proofOf = (key: KeyObject, parts: readonly string[]): string =>
  sign(null, signedBytes(parts), key).toString('base64url');

/** Whether a pinned public key made that proof. */
export const isProofOf = (public_key: string, parts: readonly string[], proof: string): boolean => {
  const key = createPublicKey({ key: Buffer.from(public_key, 'base64url'), format: 'der', type: 'spki' });
  return verify(null, signedBytes(parts), key, Buffer.from(proof, 'base64url'));
};

/** The bytes that are signed. */
export const signedBytes = (parts: readonly string[]): Buffer =>
  Buffer.from(['aurora-mesh-hello-v1', ...parts].join('\0'));

/** The public half, as a pin has it. */
export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64url');

/** The stranger's agent: a port that answers with its card, and hands over each link that the orchestrator opens. */
function openDesk(card: string, port: number): { next(): Promise<RawLink>; close(): Promise<void> } {
  const came: RawLink[] = [];
  let wake: () => void = () => undefined;
  const server: Server = createServer((request, response) => {
    response.writeHead(request.url === '/.well-known/agent-card.json' ? 200 : 404);
    response.end(card);
  });
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'mesh.v1' });
  sockets.on('connection', (socket) => {
    came.push(rawLink(socket));
    wake();
  });
  server.listen(port, '127.0.0.1');
  return {
    async next() {
      for (;;) {
        const link = came.shift();
        if (link) return link;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
      }),
  };
}

function configOf(data: string, portOf: (id: string) => number): Config {
  const ports = Object.fromEntries(['orchestrator', ...OURS].map((id) => [id, portOf(id)]));
  const flags = { data, ports, agents: OURS.map((agent_id) => ({ agent_id })), mode: 'active', log_level: 'silent' };
  return loadConfig({ flags, env: {} });
}

/** Fixed, and 32 bytes, as a challenge is. */
const challengeOf = (name: string): string => createHash('sha256').update(name).digest('base64url');

const OURS = ['threat-intel'] as const;
/** The ports that the page uses. */
const PORTS: Readonly<Record<string, number>> = { orchestrator: 9000, 'threat-intel': 9002, 'file-desk': 9101 };
/** The proofs that the page's frames send: whose, over whose challenge, on which connection. */
const PROOFS: Readonly<
  Record<string, { id: string; port: string; challenge: string; connection_id: string; key: 'own' | 'stranger' }>
> = {
  proof_of_ann: {
    id: 'operator:ann',
    port: 'threat-intel',
    challenge: 'agents_challenge',
    connection_id: 'conn_a',
    key: 'own',
  },
  proof_of_desk: {
    id: 'file-desk',
    port: 'file-desk',
    challenge: 'orchestrators_challenge',
    connection_id: 'conn_d',
    key: 'own',
  },
  proof_of_desk_again: {
    id: 'file-desk',
    port: 'file-desk',
    challenge: 'new_challenge',
    connection_id: 'conn_e',
    key: 'own',
  },
  proof_at_register: {
    id: 'file-desk',
    port: 'orchestrator',
    challenge: 'register_challenge',
    connection_id: 'conn_r',
    key: 'own',
  },
  proof_of_stranger: {
    id: 'log-reader',
    port: 'orchestrator',
    challenge: 'strangers_challenge',
    connection_id: 'conn_s',
    key: 'stranger',
  },
};
/** The input of the page that travels by reference. */
export const BLOB = 'a file of 27 bytes, or more';
/** A file of pins. */
export const PinFile = z.array(z.strictObject({ id: z.string(), role: z.string(), public_key: z.string() }));
