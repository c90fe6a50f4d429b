/** What is kept to know a request again that brought a password: over a restart, and against whoever has the database. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, placeOf, readNote } from '../../boot/index.ts';
import { startOrchestrator } from '../../boot/orchestrator.ts';
import { digestSealing } from '../../boot/sealing.ts';
import { digestOf } from '../../mesh/index.ts';
import { silentLog, systemClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { send, type Answer } from '../support/api.ts';

test('ATK-B11: a digest is sealed alike by everybody with the same key, and by nobody else', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const sealed = digestSealing(privateKey)('d');
  expect(digestSealing(privateKey)('d')).toBe(sealed);
  expect(sealed).toMatch(/^[0-9a-f]{64}$/);
  expect(digestSealing(privateKey)('e')).not.toBe(sealed);
  expect(digestSealing(generateKeyPairSync('ed25519').privateKey)('d')).not.toBe(sealed);
});

test('ATK-B11 REQ-T06: after a restart the same request is known again, and the database has no digest of its password', async () => {
  const data = mkdtempSync(join(tmpdir(), 'aurora-sealing-'));
  const flags = { data, ports: { orchestrator: 0 }, api: { port: 0 }, log_level: 'silent' as const };
  const config = loadConfig({ env: {}, flags });
  const anna = { username: 'anna', role: 'viewer', password: 'a password of her own' };
  const running = async (
    act: (post: (path: string, body: object, token?: string) => Promise<Answer>) => Promise<void>,
  ) => {
    const orchestrator = await startOrchestrator(config);
    const port = Number(new URL(readNote(placeOf(data).running)?.api_url ?? '').port);
    try {
      await act((path, body, token) => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}`, 'idempotency-key': 'anna' };
        return send(port, 'POST', `/api/v1${path}`, { body, headers });
      });
    } finally {
      await orchestrator.drain();
    }
  };
  try {
    let first = '';
    await running(async (post) => {
      const password = readFileSync(placeOf(data).firstAdmin, 'utf8').trim();
      const signed = await post('/auth/token', { username: 'admin', password, new_password: 'one long sentence' });
      const made = await post('/users', anna, signed.body.access_token);
      expect(made.status).toBe(201);
      first = made.text;
    });
    await running(async (post) => {
      const signed = await post('/auth/token', { username: 'admin', password: 'one long sentence' });
      const again = await post('/users', anna, signed.body.access_token);
      expect([again.status, again.headers['idempotency-replayed'], again.text]).toEqual([201, 'true', first]);
      const other = await post('/users', { ...anna, password: 'another one of hers' }, signed.body.access_token);
      expect(other.body.error.code).toBe('AURORA-4090');
    });
    const store = await openStore({
      file: placeOf(data).ledger,
      durability: 'full',
      clock: systemClock,
      log: silentLog,
    });
    const [kept, ...more] = await store.db.selectFrom('answers').select('digest').execute();
    await store.close();
    expect([kept?.digest, more]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), []]);
    expect(kept?.digest).not.toBe(digestOf(anna));
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}, 60_000);
