/** A bare Fastify route that answers at once, asked with `fetch`. */
import Fastify from 'fastify';
import { PARAMS, RESULT } from './reference.mjs';
import { play } from './role.mjs';

await play({
  async agent() {
    const app = Fastify();
    app.post('/dispatch', async () => ({ task_id: 'task_1', state: 'completed', result: RESULT }));
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  load(address) {
    const headers = { 'content-type': 'application/json' };
    const asked = { to: { skill: 'analyze_threat' }, params: PARAMS, wait: true };
    return async () => {
      const response = await fetch(`${address}/dispatch`, { method: 'POST', headers, body: JSON.stringify(asked) });
      return (await response.json()).result;
    };
  },
});
