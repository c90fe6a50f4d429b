/** The client in a real browser against the real API: a token, a list, a stream, and the stream again after it was cut. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { describeWithBrowser, openBrowser } from '../support/browser.ts';
import { bundleClient } from './bundle.ts';

describeWithBrowser('in Chromium', () => {
  let pages: TcpServer;
  let page_url: string;
  let api: TestApi;
  let between: TcpServer;
  const carried = new Set<Socket>();
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  beforeAll(async () => {
    const { code } = await bundleClient();
    pages = createServer((request, response) => {
      const is_code = request.url === '/client.js';
      response.setHeader('content-type', is_code ? 'text/javascript' : 'text/html');
      response.end(is_code ? code : '<!doctype html><title>A page of somebody else</title>');
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    page_url = `http://${nameOf(pages)}`;
    api = await startApi([], { origins: [page_url] });
    // What stands between, to be cut: neither end says goodbye.
    between = createTcpServer((socket) => {
      const onward = connect(api.port, '127.0.0.1');
      for (const end of [socket, onward]) {
        carried.add(end);
        end.on('error', () => undefined).once('close', () => carried.delete(end));
      }
      // The API answers under its own name alone, so the name is rewritten, as a reverse proxy does.
      const [outer, inner] = [nameOf(between), `127.0.0.1:${api.port}`];
      socket.on('data', (chunk) => onward.write(chunk.toString('latin1').replaceAll(outer, inner), 'latin1'));
      socket.once('end', () => onward.end());
      onward.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    between?.close();
    await api?.stop();
    pages?.close();
  }, 60_000);

  test('REQ-T07: token, list, stream, and the stream taken up where it was cut, from a page of another origin', async () => {
    const page = await browser.context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => void faults.push(error.message));
    await page.goto(page_url);
    const post = (title: string) =>
      api.call('POST', '/api/v1/alerts', { as: 'analyst', body: { title, severity: 'low', source: 'test' } });
    await post('before');
    await page.exposeFunction('post', async (title: string) => (await post(title)).status);
    await page.exposeFunction('cutAll', () => {
      for (const end of carried) end.destroy();
    });
    const base_url = `http://${nameOf(between)}`;
    const seen: unknown = await page.evaluate(`(${STORY})('${base_url}')`);
    expect(faults).toEqual([]);
    expect(seen).toEqual({
      listed: ['before'],
      api_version: '1.0',
      streamed: ['one', 'two', 'three'],
      reconnects: 1,
      refused: 'ApiError AURORA-4030',
    });
  }, 60_000);
});

const nameOf = (server: TcpServer): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Runs in the page. */
const STORY = `async (base_url) => {
  const { createClient } = await import('/client.js');
  const client = createClient({ base_url, credentials: { username: 'viewer', password: 'viewer has a password' } });
  const listed = (await client.alerts.list()).items.map(({ title }) => title);
  const codes = [];
  const stream = client.streams.alerts({ onReconnect: ({ code }) => codes.push(code) });
  await stream.opened;
  const streamed = [];
  const next = async () => streamed.push((await stream.next()).value.data.title);
  await post('one');
  await next();
  await cutAll();
  await post('two');
  await next();
  await post('three');
  await next();
  const refused = await client.alerts.create({ title: 'x', severity: 'low', source: 'x' }).catch((error) => error);
  const answer = {
    listed,
    api_version: client.api_version,
    streamed,
    reconnects: codes.length,
    refused: refused.name + ' ' + refused.code,
  };
  client.close();
  return answer;
}`;
