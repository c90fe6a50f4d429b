/** HTTP as a client: where it connects to, and where it does not. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { callHttp, fetchCard } from '../../boot/http.ts';

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

test('a refusal keeps its code, its words and when to come again', async () => {
  const error = { code: 'AURORA-5030', message: 'the disk is full', retry_after_ms: 2_000 };
  const server = createServer((_request, response) => response.writeHead(503).end(JSON.stringify({ error })));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const refused = { code: 5030, message: 'the disk is full', retry_after_ms: 2_000 };
    await expect(callHttp(`http://127.0.0.1:${port}`)).rejects.toMatchObject(refused);
  } finally {
    server.close();
  }
});
