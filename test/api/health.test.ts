/** How the parts are, asked by anybody and as often as they like. */
import { expect, test } from 'vitest';
import { createHealth } from '../../api/health.ts';
import type { OrchestratorHealth } from '../../orchestrator/index.ts';
import { manualClock } from '../../seams/index.ts';

test('the database is asked once for all who come within half a second, and what it says is no older', async () => {
  const clock = manualClock();
  let [asked, is_down] = [0, false];
  const health: OrchestratorHealth = {
    status: 'ok',
    ledger: { state: 'ok' },
    breakers: [],
    agents: [],
    tasks_open: 0,
  };
  const look = createHealth({
    clock,
    orchestrator: { health: () => health },
    streams: () => ({ count: 0, max: 1 }),
    askDatabase: async () => {
      asked += 1;
      if (is_down) throw new Error('down');
    },
  });
  const statuses = async () =>
    (await Promise.all([look(), look(), look()])).map(({ overall_status }) => overall_status);
  expect(await statuses()).toEqual(['healthy', 'healthy', 'healthy']);
  clock.advance(499);
  is_down = true;
  expect([await statuses(), asked]).toEqual([['healthy', 'healthy', 'healthy'], 1]);
  clock.advance(1);
  expect([await statuses(), asked]).toEqual([['unhealthy', 'unhealthy', 'unhealthy'], 2]);
});
