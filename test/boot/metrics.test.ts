/** `GET /metrics` of a mesh port: whom it answers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { metricsRoute } from '../../boot/metrics.ts';

test.each([
  { is_behind_proxy: false, status: 200, text: 'tasks_open 3' },
  { is_behind_proxy: true, status: 403, text: '' },
])(
  'ATK-D5: who comes over loopback is answered $status, whether a proxy stands in front: $is_behind_proxy',
  async ({ is_behind_proxy, status, text }) => {
    const route = metricsRoute({ text: async () => 'tasks_open 3' }, is_behind_proxy);
    const server = createServer((request, response) => void route.handle(request, response));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect([answer.status, await answer.text()]).toEqual([status, text]);
    } finally {
      server.close();
    }
  },
);
