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

test.each([
  ['in the clear, where its fleet serves so', {}, 'ws:'],
  ['in the clear, where something in front encrypts', { tls: 'terminated-by-proxy' as const }, 'ws:'],
  ['over TLS, where its fleet has a certificate', { tls: { cert: 'cert.pem', key: 'key.pem' } }, 'wss:'],
])('an agent without an address of its own is dialled %s (wire.md 4)', (_how, flags, scheme) => {
  const addresses = addressesOf(loadConfig({ env: {}, flags: { data: '/nowhere', ...flags } }));
  expect(addresses.length).toBeGreaterThan(0);
  expect(new Set(addresses.map(({ url }) => new URL(url).protocol))).toEqual(new Set([scheme]));
});
