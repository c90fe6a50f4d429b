/** Where agents listen: a port that was given once stays, whoever comes later. */
import { expect, test } from 'vitest';
import { portOf } from '../../boot/index.ts';

test('an agent that is added later does not move the port of one that was there', () => {
  const config = { ports: { 'threat-intel': 9002 } };
  const first = ['threat-intel', 'secret-scanner'];
  const then = [...first, 'my-thing'];
  expect(portOf(config, 'secret-scanner', first)).toBe(9016);
  expect(portOf(config, 'secret-scanner', then)).toBe(9016);
  expect(portOf(config, 'my-thing', then)).toBe(9017);
});
