/** Ports and links over TLS: who is trusted, who must show a certificate, and which versions are spoken (wire.md 4). */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fetchCard } from '../../boot/http.ts';
import { loadConfig } from '../../boot/index.ts';
import { bindingOf, trustOf } from '../../boot/seams.ts';
import { createPeer, createMethods, dialWebsocket, literalPins, serve, type Served } from '../../mesh/index.ts';
import { readCard } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  memoryLog,
  seededRandom,
  systemClock,
} from '../../seams/index.ts';
import { authoritiesIn, has_openssl } from '../support/authority.ts';
import { echoAgent } from '../support/echo.ts';
import { identityOf } from '../support/mesh.ts';

if (!has_openssl) console.warn('SKIPPED: no openssl in the PATH, so nothing here was tried over TLS');

describe.skipIf(!has_openssl)('over TLS (needs openssl in the PATH)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-tls-'));
  const { path, pem, makeAuthority, makeCertificate } = authoritiesIn(folder);
  const served: Served[] = [];

  beforeAll(() => {
    for (const name of ['own', 'other']) makeAuthority(name);
    makeCertificate('server', 'own', 'subjectAltName=IP:127.0.0.1');
    makeCertificate('client', 'own', 'extendedKeyUsage=clientAuth');
    makeCertificate('stranger', 'other', 'extendedKeyUsage=clientAuth');
  });
  afterEach(async () => {
    for (const port of served.splice(0)) await port.drain(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('an agent is dialled, asked and its card read by whoever trusts the authority of its certificate', async () => {
    const { url, trust } = await open();
    expect(url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+$/);
    const link = await dialWebsocket({ url, protocol: '', clock: systemClock, ...(trust && { tls: trust }) });
    expect(link.dialled).toBe(new URL(url).host);
    const peer = createPeer({ ...seams(), link, methods: createMethods(new Map()) });
    expect(await peer.request('echo_text', { text: 'hi' })).toEqual({ text: 'hi', by: 'ada' });
    link.cut();
    const card = readCard(await fetchCard(url, { trust }));
    expect(card.agent_id).toBe('ada');
  });

  test('nobody else is: another authority, or only those of the machine, and another name than the certificate has', async () => {
    const { url, port } = await open();
    const about = { protocol: 'mesh.v1', clock: systemClock };
    await expect(dialWebsocket({ ...about, url })).rejects.toThrow(/certificate/);
    await expect(dialWebsocket({ ...about, url, tls: { ca: pem('other.pem') } })).rejects.toThrow(/certificate/);
    const elsewhere = dialWebsocket({ ...about, url: `wss://localhost:${port}`, tls: { ca: pem('own.pem') } });
    await expect(elsewhere).rejects.toThrow(/altnames/);
    await expect(fetchCard(url)).rejects.toMatchObject({ code: 5030 });
  });

  test('with tls.ca a client shows a certificate of that authority, or hears nothing', async () => {
    const { url, port, trust, log } = await open({ ca: path('own.pem') });
    const own = await dialWebsocket({ url, protocol: '', clock: systemClock, ...(trust && { tls: trust }) });
    expect(own.open).toBe(true); // whoever shares its configuration shows its certificate
    own.cut();
    expect(readCard(await fetchCard(url, { trust })).agent_id).toBe('ada');
    await expect(
      dialWebsocket({ url, protocol: '', clock: systemClock, tls: { ca: pem('own.pem') } }),
    ).rejects.toThrow();
    const why = () => log.lines.flatMap(({ fields }) => ('why' in fields ? [fields.why] : []));
    const health = (client?: string) => statusOf(port, { ca: pem('own.pem'), ...(client && keyPair(client)) });
    await expect(health()).rejects.toThrow();
    await expect(health('stranger')).rejects.toThrow();
    expect(await health('client')).toBe(200);
    await new Promise((resolve) => connect(port, '127.0.0.1').on('close', resolve).end('GET / HTTP/1.1\r\n\r\n'));
    expect(why()).toEqual([
      'No TLS: ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
      'No TLS: ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
      'Its certificate is refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'This port speaks TLS, and plain HTTP came',
    ]);
    for (const { fields } of log.lines) if ('why' in fields) expect(fields).toMatchObject({ remote: REMOTE });
  });

  test('a version older than TLS 1.2 is not spoken, whatever the process allows', async () => {
    const { DEFAULT_MIN_VERSION } = tls;
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    try {
      const { port } = await open();
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      await expect(statusOf(port, { ca: pem('own.pem'), ...old })).rejects.toThrow(/protocol version/);
      expect(await statusOf(port, { ca: pem('own.pem'), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).toBe(200);
    } finally {
      tls.DEFAULT_MIN_VERSION = DEFAULT_MIN_VERSION;
    }
  });

  /** An agent on a port that is configured as people do it. */
  async function open(more: { ca?: string } = {}) {
    const files = { cert: path('server.pem'), key: path('server.key'), trust: path('own.pem'), ...more };
    const config = loadConfig({ env: {}, flags: { data: folder, port: 0, tls: files } });
    const log = memoryLog();
    const agent = await serve(echoAgent('ada'), {
      ...seams(),
      log,
      ...bindingOf('ada', config),
      content: literalContent(),
      pins: literalPins([]),
      self: identityOf('ada', 'agent').identity,
      anonymous: 'loopback',
      openRef: () => {
        throw new Error('no blobs here');
      },
    });
    served.push(agent);
    return { url: agent.url, port: agent.port, trust: trustOf(config), log };
  }

  function keyPair(name: string) {
    return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
  }
});

function statusOf(port: number, secrets: tls.SecureContextOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/health', agent: false, ...secrets }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });
}

const REMOTE: unknown = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
const seams = () => ({
  clock: systemClock,
  ids: countingIds(),
  random: seededRandom(1),
  log: memoryLog(),
  metrics: countingMetrics(),
});
