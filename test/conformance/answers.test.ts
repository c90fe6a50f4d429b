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
