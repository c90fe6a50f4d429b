/** What every answer is judged by. */
import { expect, test } from 'vitest';
import { judgeAnswer } from '../../conformance/answers.ts';

const deep = (): unknown => JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));

test('an error whose data is nested too deep to be written is judged by what can be seen, and blamed for nothing else', () => {
  const seen: string[] = [];
  const error = { code: -32601, message: 'Method not found', data: deep() };
  judgeAnswer({ jsonrpc: '2.0', id: 1, error }, 'bare', (id) => seen.push(id));
  judgeAnswer({ jsonrpc: '2.0', id: 1, error: deep() }, 'bare', (id) => seen.push(id));
  expect(seen).toEqual(['CALL-16', 'FRAME-03']);
});

test('SQL, a password and a key are shown by nobody who only names a param, or repeats what it was told', () => {
  const told = (message: string, said = '') => {
    const seen: string[] = [];
    const frame = { jsonrpc: '2.0', id: 1, error: { code: -32602, message } };
    judgeAnswer(
      frame,
      'bare',
      (id) => seen.push(id),
      (text) => said.includes(text),
    );
    return seen;
  };
  const query = `near "SELECT name FROM people WHERE password='hunter2'"`;
  for (const leak of [query, "password='hunter2'", 'postgres://app:hunter2@db/x', '-----BEGIN PRIVATE KEY-----'])
    expect(told(`Invalid params: ${leak}`), leak).toEqual(['CALL-27']);
  expect(told(`Invalid params: ${query}`, query)).toEqual([]);
  const honest = [
    '/password: must be a string',
    'select one from the list',
    '/secret is missing',
    'try ws:// or wss://',
  ];
  for (const message of honest) expect(told(`Invalid params: ${message}`), message).toEqual([]);
});

test.each([
  ['a path that it was asked about', 'no such file /var/log/auth.log', '{"path":"/var/log/auth.log"}', []],
  ['one that ends its sentence', 'cannot read /var/log/auth.log.', '{"path":"/var/log/auth.log"}', []],
  ['the name of an error that it was asked about', 'nothing known of KeyError', '{"about":"KeyError"}', []],
  ['a path of its own', 'no such file /var/lib/agent/auth.log', '{"path":"/var/log/auth.log"}', ['CALL-18']],
  ['one behind ours', '/var/log/auth.log is not in /srv/agent/logs', '{"path":"/var/log/auth.log"}', ['CALL-18']],
])('an error that shows %s', (_what, message, said, expected) => {
  const seen: string[] = [];
  judgeAnswer(
    { jsonrpc: '2.0', id: 1, error: { code: 4040, message } },
    'bare',
    (id) => seen.push(id),
    (text) => said.includes(text),
  );
  expect(seen).toEqual(expected);
});

test.each([
  ['2026-11-28T12:00:00.123Z', true],
  ['2026-11-28 12:00:00+01:00', true],
  ['2026-11-28T12:00:00', true],
  ['yesterday', false],
  ['1764331200', false],
])('an error of %s has a time: %s', (timestamp, holds) => {
  const seen: string[] = [];
  const data = { code: 'AURORA-4040', message: 'no', timestamp, request_id: 'x' };
  judgeAnswer({ jsonrpc: '2.0', id: 1, error: { code: 4040, message: 'no', data } }, 'mesh.v1', (id) => seen.push(id));
  expect(seen).toEqual(holds ? [] : ['CALL-23']);
});
