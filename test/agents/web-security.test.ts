/** The web specialist, called as a peer calls it. */
import { expect, test } from 'vitest';
import { webSecurity } from '../../agents/web-security.ts';
import type { SkillContext } from '../../protocol/index.ts';
import { literalContent } from '../../seams/index.ts';

const steps: string[] = [];
const ctx: SkillContext = {
  signal: new AbortController().signal,
  remaining_ms: () => 60_000,
  progress: {
    status: () => undefined,
    thought: () => undefined,
    artifact: () => undefined,
    async tool(name, _input, run) {
      steps.push(name);
      return run();
    },
  },
  clock: { now: () => 0, monotonic: () => 0 },
  log: { info: () => undefined, warn: () => undefined },
  content: literalContent(),
  blobs: {
    async *open({ text = '', base64 = '' }) {
      yield text ? Buffer.from(text) : Buffer.from(base64, 'base64');
    },
  },
  handoff: () => Promise.reject(new Error('nobody to hand to')),
};
const call = (method: string, params: unknown) => webSecurity.implementations.get(method)!.invoke(params, ctx);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of webSecurity.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
  expect(new Set(steps)).toEqual(new Set(['read access log', 'judge requests', 'assess web indicators']));
});

test('a log names its attackers, and they are indicators', async () => {
  expect(await call('analyze_access_log', webSecurity.skills[0]!.examples![0])).toMatchObject({
    verdict: 'suspicious',
    iocs: [{ type: 'ip', value: '192.0.2.7' }],
    attackers: [{ source: '192.0.2.7', first_line: 1, last_line: 1 }],
  });
});

test('what is no log and no request is refused with its reason (4220)', async () => {
  await expect(call('analyze_access_log', { log: { text: 'hello' } })).rejects.toMatchObject({ code: 4220 });
  await expect(call('analyze_access_log', { log: { text: '' } })).rejects.toMatchObject({ code: 4220 });
  await expect(call('analyze_http', { source: { text: 'hello' } })).rejects.toMatchObject({ code: 4220 });
});

test('a request is given in exactly one way (-32602)', async () => {
  const request = { method: 'GET', url: 'https://www.example.com/?x=../../etc/passwd' };
  expect(await call('analyze_http', { request })).toMatchObject({ verdict: 'malicious' });
  expect(await call('analyze_http', { requests: [request] })).toMatchObject({ verdict: 'malicious' });
  await expect(call('analyze_http', {})).rejects.toMatchObject({ code: -32602 });
  await expect(call('analyze_http', { request, requests: [request] })).rejects.toMatchObject({ code: -32602 });
});
