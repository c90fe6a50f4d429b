/** Where agents listen: a port that was given once stays, whoever comes later. */
import { expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { loadConfig, portOf } from '../../boot/index.ts';
import { addressesOf } from '../../boot/roster.ts';

test('an agent that is added later does not move the port of one that was there', () => {
  const config = { ports: { 'threat-intel': 9002 } };
  const first = ['threat-intel', 'secret-scanner'];
  const then = [...first, 'my-thing'];
  expect(portOf(config, 'secret-scanner', first)).toBe(9016);
  expect(portOf(config, 'secret-scanner', then)).toBe(9016);
  expect(portOf(config, 'my-thing', then)).toBe(9017);
});

test('REQ-M04: every agent has a port of its own, and none that of the orchestrator', () => {
  const ports = addressesOf(loadConfig({ env: {} })).map(({ url }) => new URL(url).port);
  expect(ports).toHaveLength(Object.keys(agents).length);
  expect(new Set([...ports, '9000']).size).toBe(ports.length + 1);
});
