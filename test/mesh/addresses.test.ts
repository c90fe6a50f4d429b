/** Which hosts are this machine, and how an address is written. */
import { expect, test } from 'vitest';
import { createCrowd } from '../../mesh/crowd.ts';
import { isAllowedHost, isLoopback, networkOf, toHostPort } from '../../mesh/addresses.ts';

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST:80',
  '127.0.0.1:9001',
  '[::1]:9001',
  '[::1]',
])('%s is loopback', (host) => expect(isLoopback(host)).toBe(true));

test.each([
  '0.0.0.0',
  '::',
  '192.0.2.1',
  'localhost.example.com',
  'example.com:80',
  '127.0.0.1.example.com',
  '',
  'unknown:0',
  '10.0.0.1',
])('%s is not', (host) => expect(isLoopback(host)).toBe(false));

test('both ends of a link write the same host and port', () => {
  expect(toHostPort('agent.example.com', true)).toBe('agent.example.com:443');
  expect(toHostPort('agent.example.com', false)).toBe('agent.example.com:80');
  expect(toHostPort('agent.example.com:9001', true)).toBe('agent.example.com:9001');
  expect(toHostPort('[2001:db8::1]', false)).toBe('[2001:db8::1]:80');
  expect(toHostPort('[2001:db8::1]:9001', false)).toBe('[2001:db8::1]:9001');
  expect(toHostPort('2001:db8::1', false, 9001)).toBe('[2001:db8::1]:9001');
  expect(toHostPort('::ffff:192.0.2.1', false, 9001)).toBe('192.0.2.1:9001');
});

test('a Host without port allows every port of that name, and no other name', () => {
  expect(isAllowedHost('Agent:9001', ['agent'])).toBe(true);
  expect(isAllowedHost('agent', ['agent:9001'])).toBe(false);
  expect(isAllowedHost('agent:9001', ['agent:9001'])).toBe(true);
  expect(isAllowedHost('agent.example.com', ['agent'])).toBe(false);
  expect(isAllowedHost('', ['agent'])).toBe(false);
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:ffff::9', '2001:db8:1:2::/64'],
  ['', ''],
])('the origin of %s is %s', (address, origin) => expect(networkOf(address)).toBe(origin));

test('ATK-I1: links are counted by the /64 they come from, and forgotten by it', () => {
  const crowd = createCrowd({ links_max: 10, links_per_remote_max: 2 });
  crowd.enter('2001:db8:1:2::1');
  crowd.enter('2001:db8:1:2::2');
  expect(() => crowd.enter('2001:db8:1:2:ffff::3')).toThrow(expect.objectContaining({ code: 5030 }));
  crowd.enter('2001:db8:1:3::1');
  crowd.leave('2001:db8:1:2::1');
  crowd.enter('2001:db8:1:2:ffff::3');
});
