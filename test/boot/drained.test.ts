/** Who was drained gets nothing new, also from an orchestrator that runs without the API where it was said. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectOrchestrator, loadConfig, placeOf, startTogether } from '../../boot/index.ts';
import { startOrchestrator } from '../../boot/orchestrator.ts';
import { countingIds, seededRandom, silentLog, systemClock } from '../../seams/index.ts';
import { openRecords } from '../../soc/index.ts';
import { openStore } from '../../store/index.ts';

test('REQ-T02: a drained agent gets no work after a restart without the API', async () => {
  const data = mkdtempSync(join(tmpdir(), 'aurora-drained-'));
  const config = loadConfig({ env: {}, flags: { data, agents: ['threat-intel'], log_level: 'silent' } });
  try {
    const first = await startOrchestrator({ ...config, port: 0 }); // makes the database
    await first.drain();
    const seams = { clock: systemClock, ids: countingIds(), random: seededRandom(1), log: silentLog };
    const store = await openStore({ file: placeOf(data).ledger, durability: 'full', ...seams });
    const records = await openRecords({
      ...seams,
      store,
      onAccessChanged: () => undefined,
      onAlert: () => undefined,
    });
    await records.agents.setDrained({ sub: 'user:admin' }, 'threat-intel', true);
    await store.close();

    const fleet = await startTogether({ config, free_ports: true });
    const peer = await connectOrchestrator({ url: fleet.url, data });
    const asked = { to: { skill: 'analyze_threat' }, params: { alert_id: 'a', iocs: [] } };
    const answer = () => peer.request('handoff', asked, { timeout_ms: 5_000 }).catch((reason: unknown) => reason);
    const drained = { code: 5030, message: expect.stringContaining('is drained') as string };
    await expect.poll(answer, { timeout: 30_000 }).toMatchObject(drained); // until it is online it is not there at all
    peer.close(1000, 'done');
    await fleet.stop();
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}, 60_000);
