/** What the commands that dial any peer show and believe over TLS, as a person runs them against a peer with mutual TLS. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aurora } from '../support/aurora.ts';
import { authoritiesIn, has_openssl } from '../support/authority.ts';
import { startServedAgent } from '../support/served-agent.ts';

if (!has_openssl) console.warn('SKIPPED: no openssl in the PATH, so no command was tried over TLS');

describe.skipIf(!has_openssl)('over mutual TLS (needs openssl in the PATH)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-trust-'));
  const { path, pem, makeAuthority, makeCertificate } = authoritiesIn(folder);
  const run = (args: string[], env: Record<string, string> = {}) =>
    aurora(args, { env: { AURORA_DATA: path('data'), ...env } });
  let url = '';
  let close: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    for (const name of ['own', 'other']) makeAuthority(name);
    makeCertificate('server', 'own', 'subjectAltName=IP:127.0.0.1');
    makeCertificate('client', 'own', 'extendedKeyUsage=clientAuth');
    makeCertificate('stranger', 'other', 'extendedKeyUsage=clientAuth');
    writeFileSync(path('empty.pem'), 'nothing\n');
    const tls = { cert: pem('server.pem'), key: pem('server.key'), ca: pem('own.pem') };
    ({ url, close } = await startServedAgent({ tls }));
  });
  afterAll(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  const trusting = () => ['--tls-trust', path('own.pem')];
  const as = (name: string) => ['--tls-cert', path(`${name}.pem`), '--tls-key', path(`${name}.key`), ...trusting()];
  const ONLY = ['--only', 'BATCH-01,HTTP-01,HTTP-05', '--profile', 'bare'];

  test('a peer that asks for a certificate is tried, looked at, called and visited again by who shows one', async () => {
    const tried = await run(['conform', url, ...ONLY, ...as('client')]);
    expect(tried).toMatchObject({ code: 0, stdout: has('conforms to bare') });
    expect(tried.stderr).not.toContain('Warning');
    expect(await run(['call', url, 'rpc.ping', ...as('client')])).toMatchObject({ code: 0, stdout: has('"ok": true') });
    const saved = path('visit.json');
    const looked = await run(['inspect', url, '--try', 'echo_text', '--save', saved, ...as('client')]);
    expect(looked).toMatchObject({ code: 0, stdout: has('echo') });
    const [, again = ''] = /send it again with: aurora (.*)/.exec(looked.stderr) ?? [];
    expect(again).toContain(`--tls-cert ${path('client.pem')}`);
    expect(await run(again.split(' '))).toMatchObject({ code: 0, stdout: has('as it was recorded') });
  });

  test('the certificate of the configuration is shown where tls.ca is set, by a replay only to whom one names', async () => {
    const env = { AURORA_TLS_CERT: path('client.pem'), AURORA_TLS_KEY: path('client.key') };
    const fleet = { ...env, AURORA_TLS_TRUST: path('own.pem'), AURORA_TLS_CA: path('own.pem') };
    const saved = path('configured.json');
    expect(await run(['inspect', url, '--try', 'echo_text', '--save', saved], fleet)).toMatchObject({ code: 0 });
    expect(await run(['call', '--replay', saved, url], fleet)).toMatchObject({ code: 0 });
    expect(await run(['call', '--replay', saved], fleet)).toMatchObject({ code: 3 });
    const named = await run(['call', '--replay', saved, ...as('client')]);
    expect(named).toMatchObject({ code: 2, stderr: has('Say to whom a key, a token or a certificate goes') });
  });

  test.each([
    { command: ['conform', ...ONLY] },
    { command: ['conform', '--only', 'BATCH-01'] },
    { command: ['inspect'] },
    { command: ['call', 'URL', 'rpc.ping'] },
  ])('$command: refused without one and with one of another authority, and told what to show', async ({ command }) => {
    const args = command.includes('URL') ? command.map((arg) => (arg === 'URL' ? url : arg)) : [...command, url];
    for (const shown of [trusting(), as('stranger')]) {
      const ended = await run([...args, ...shown]);
      expect(ended).toMatchObject({ code: 3, stdout: '', stderr: has(`no conversation with ${url}`) });
      expect(ended.stderr).toContain('show one with --tls-cert <file> and --tls-key <file>');
    }
    const distrusted = await run([...args, '--tls-trust', path('other.pem')]);
    expect(distrusted).toMatchObject({ code: 3, stdout: '', stderr: has('with --tls-trust <file>') });
  });

  test.each([
    { shown: ['--tls-cert', 'client.pem'], says: '--tls-cert and --tls-key belong together' },
    { shown: ['--tls-key', 'client.key'], says: '--tls-cert and --tls-key belong together' },
    { shown: ['--tls-cert', 'nowhere.pem', '--tls-key', 'client.key'], says: 'nowhere.pem cannot be read (ENOENT)' },
    { shown: ['--tls-cert', 'client.pem', '--tls-key', 'nowhere.key'], says: 'nowhere.key cannot be read (ENOENT)' },
    { shown: ['--tls-cert', 'client.pem', '--tls-key', 'stranger.key'], says: 'is no key for' },
    { shown: ['--tls-cert', 'client.key', '--tls-key', 'client.key'], says: 'holds no certificate in PEM' },
    { shown: ['--tls-trust', 'empty.pem'], says: 'holds no certificate in PEM' },
  ])('$shown is refused before anybody is dialled: $says', async ({ shown, says }) => {
    const flags = shown.map((word) => (word.startsWith('--') ? word : path(word)));
    const ended = await run(['call', 'wss://127.0.0.1:1', 'rpc.ping', ...flags]);
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: has(says) });
    expect(ended.stderr).not.toContain('PRIVATE KEY');
  });
});

const has = (text: string): unknown => expect.stringContaining(text);
