/** The agent that Restate's server calls, and whoever calls the server's ingress; the server in the middle is its own. */
import { Agent, request } from 'node:http';
import { PARAMS, RESULT } from './reference.mjs';
import { freePort, play } from './role.mjs';

await play({
  async agent() {
    // The one thing of Node 22 that the SDK uses on this road.
    Promise.withResolvers ??= function withResolvers() {
      let settle;
      const promise = new this((resolve, reject) => (settle = { resolve, reject }));
      return { promise, ...settle };
    };
    const { serve, service } = await import('@restatedev/restate-sdk');
    const threat = service({ name: 'Threat', handlers: { analyze: async () => RESULT } });
    const port = await freePort();
    await serve({ services: [threat], port });
    return `http://127.0.0.1:${port}`;
  },
  load(ingress) {
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const body = JSON.stringify(PARAMS);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return () =>
      new Promise((resolve, reject) => {
        const asked = request(`${ingress}/Threat/analyze`, { method: 'POST', agent, headers }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve(JSON.parse(text)));
        });
        asked.once('error', reject);
        asked.end(body);
      });
  },
});
