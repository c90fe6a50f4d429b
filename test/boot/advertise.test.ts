/** The name that others dial, with a port of its own: a proxy in front of one process (wire.md 4). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, placeOf } from '../../boot/index.ts';
import { startOrchestrator } from '../../boot/orchestrator.ts';

test('the API answers to that name at its own port and behind the proxy, and to no other', async () => {
  const data = mkdtempSync(join(tmpdir(), 'aurora-advertise-'));
  const flags = { data, port: 0, api: { port: 0 }, advertise: 'mesh.example.com:8443', log_level: 'silent' } as const;
  const running = await startOrchestrator(loadConfig({ env: {}, flags }));
  try {
    const { api_url } = JSON.parse(readFileSync(placeOf(data).running, 'utf8')) as { api_url: string };
    const { port } = new URL(api_url);
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request(`${api_url}/health`, { headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', reject).end();
      });
    for (const host of ['mesh.example.com', 'mesh.example.com:8443', `MESH.example.com:${port}`, `127.0.0.1:${port}`])
      expect(await statusFor(host)).not.toBe(403);
    expect(await statusFor('evil.example')).toBe(403);
    expect(running.url).toBe('ws://mesh.example.com:8443');
  } finally {
    await running.drain();
    rmSync(data, { recursive: true, force: true });
  }
});
