/** Whoever reads us may leave (`| head`): the command goes on, and its code says what came of it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aurora, launcher } from '../support/aurora.ts';
import { freePorts } from '../support/ports.ts';
import { startRudeAgent } from '../support/rude-agent.ts';

const data = mkdtempSync(join(tmpdir(), 'aurora-pipes-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const start = (args: readonly string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, NO_COLOR: '1', AURORA_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { child, said: () => said };
};
const codeOf = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once('close', resolve));

test('a peer that does not conform ends with 1, also when nobody reads the report', async () => {
  const rude = await startRudeAgent();
  try {
    const { child } = start(['conform', rude.url, '--only', 'BATCH-01,BATCH-02', '--profile', 'bare']);
    child.stdout.destroy();
    expect(await codeOf(child)).toBe(1);
  } finally {
    await rude.close();
  }
});

test('a fleet whose lines nobody reads any more lives on until it is told to stop', async () => {
  const [orchestrator, intel] = await freePorts(2);
  const { child, said } = start(['up', '--agents', 'threat-intel', '--no-api', '--single-process'], {
    AURORA_PORTS: `orchestrator=${orchestrator},threat-intel=${intel}`,
  });
  const code = codeOf(child);
  try {
    child.stdout.once('data', () => child.stdout.destroy());
    const isThere = async () => (await aurora(['agents'], { env: { AURORA_DATA: data } })).stdout;
    await expect.poll(isThere, { timeout: 40_000 }).toContain('threat-intel');
    child.kill('SIGTERM');
    expect([await code, said()]).toEqual([0, expect.stringContaining('told to stop, stopping')]);
  } finally {
    child.kill('SIGKILL');
  }
}, 60_000);
