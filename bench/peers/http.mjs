/** JSON-RPC over HTTP with kept connections, `node:http` at all four ends. */
import { Agent, createServer, request } from 'node:http';
import { PARAMS, RESULT } from './reference.mjs';
import { listening, play } from './role.mjs';

await play({
  agent: () => serve(() => RESULT),
  router(address) {
    const ask = client(address);
    return serve(ask);
  },
  load(address) {
    const ask = client(address);
    return () => ask(PARAMS);
  },
});

function serve(analyze) {
  const server = createServer(async (asked, response) => {
    const { id, params } = JSON.parse(await textOf(asked));
    const text = JSON.stringify({ jsonrpc: '2.0', id, result: await analyze(params) });
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', Buffer.byteLength(text));
    response.end(text);
  });
  return listening(server, 'http');
}

function client(url) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let last = 0;
  return (params) =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify({ jsonrpc: '2.0', id: ++last, method: 'analyze_threat', params });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const asked = request(url, { method: 'POST', agent, headers }, (response) => {
        textOf(response).then((answer) => resolve(JSON.parse(answer).result), reject);
      });
      asked.once('error', reject);
      asked.end(text);
    });
}

function textOf(stream) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks).toString()));
    stream.once('error', reject);
  });
}
