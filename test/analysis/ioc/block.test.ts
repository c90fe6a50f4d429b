/** Which addresses of attackers are kept out at the edge, and which are looked behind instead. */
import { expect, test } from 'vitest';
import { blockAtEdge } from '../../../analysis/ioc/index.ts';

test('an address of a delivery network is no attacker that can be blocked: its client is looked for', () => {
  const steps = blockAtEdge(['45.77.1.2', '172.68.1.9', '151.101.2.3'], 'They attack');
  expect(steps).toMatchObject([
    { action: 'Block the attacking addresses at the edge', action_class: 'medium', target: '45.77.1.2' },
    { action_class: 'read', target: '172.68.1.9, 151.101.2.3' },
  ]);
  expect(steps[1]?.reason).toContain('Cloudflare, Fastly');
  expect(blockAtEdge(['172.68.1.9'], 'They attack').map(({ action_class }) => action_class)).toEqual(['read']);
  expect(blockAtEdge([], 'They attack')).toEqual([]);
});
