/** An agent that breaks its batches, and whose every word tries to be more than text: for reports, replays and terminals. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** What a hostile peer says where it may say anything. */
export const HOSTILE = '</script><img src=x onerror=alert(1)>\u001b[31m\u001b]0;owned\u0007\u202eevil ]]> &lt;';

/** Starts it. `is_polite` makes it keep the sentence that it breaks otherwise: a batch is answered with an array. */
export async function startRudeAgent(): Promise<{ url: string; is_polite: boolean; close: () => Promise<void> }> {
  const http = createServer((request, response) => {
    if (request.url !== '/.well-known/agent-card.json') {
      response.writeHead(404).end();
      return;
    }
    const card = { name: HOSTILE, description: HOSTILE, skills: [{ id: HOSTILE, name: HOSTILE, tags: [HOSTILE] }] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(card));
  });
  const server = new WebSocketServer({ server: http, handleProtocols: () => false });
  const agent = { url: '', is_polite: false, close };
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const answer = toAnswer(data.toString('utf8'), agent.is_polite);
      if (answer !== undefined) socket.send(JSON.stringify(answer));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  agent.url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return agent;

  async function close(): Promise<void> {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => http.close(resolve));
  }
}

function toAnswer(text: string, is_polite: boolean): unknown {
  const value = parse(text);
  if (value === undefined) return refusal(-32700);
  if (!Array.isArray(value)) return toOne(value);
  const answers = value.flatMap((each: unknown) => toOne(each) ?? []);
  return is_polite ? answers : (answers[0] ?? { jsonrpc: '2.0', id: null, result: HOSTILE });
}

function toOne(value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refusal(-32600);
  const { id, method, params } = value as { id?: unknown; method?: unknown; params?: unknown };
  if (id === undefined) return undefined;
  if (method === 'rpc.discover') return { jsonrpc: '2.0', id, result: DOCUMENT };
  if (method === 'look_up') return { jsonrpc: '2.0', id, result: { said: HOSTILE, params } };
  return { jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found ${HOSTILE}` } };
}

const refusal = (code: number) => ({ jsonrpc: '2.0', id: null, error: { code, message: HOSTILE } });

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const DOCUMENT = {
  openrpc: '1.3.2',
  info: { title: HOSTILE, version: HOSTILE },
  methods: [
    {
      name: 'look_up',
      summary: HOSTILE,
      description: HOSTILE,
      paramStructure: 'by-name',
      params: [
        { name: 'name', required: true, schema: { type: 'string' } },
        { name: 'depth', required: false, schema: { type: 'integer' } },
      ],
      result: { name: 'result', schema: { type: 'object' } },
      examples: [{ name: 'one', params: [{ name: 'name', value: 'anna' }] }],
      'x-aurora': { effect: 'read' },
    },
  ],
};
