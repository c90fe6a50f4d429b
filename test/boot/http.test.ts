/** HTTP as a client: where it connects to, and where it does not. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { fetchCard } from '../../boot/http.ts';

test('ATK-G1: a card is read from the address that was checked, not from what its name resolves to by then', async () => {
  const hosts: unknown[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host);
    response.end('{"name":"checked"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `ws://agent.invalid:${port}`; // a name that never resolves (RFC 6761)
  try {
    expect(await fetchCard(url, { address: '127.0.0.1' })).toEqual({ name: 'checked' });
    expect(hosts).toEqual([`agent.invalid:${port}`]);
    await expect(fetchCard(url)).rejects.toMatchObject({ code: 5030 });
  } finally {
    server.close();
  }
});
