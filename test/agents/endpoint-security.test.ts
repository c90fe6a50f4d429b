/** The endpoint specialist, called as a peer calls it. */
import { expect, test } from 'vitest';
import { endpointSecurity } from '../../agents/endpoint-security.ts';
import { literalContent } from '../../seams/index.ts';
import { callerOf } from '../support/caller.ts';

const { call, steps } = callerOf(endpointSecurity);
const events = endpointSecurity.skills.find(({ id }) => id === 'assess_endpoint')!.examples![0] as { events: object };

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of endpointSecurity.skills) {
    expect(examples.length, id).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
  expect(new Set(steps)).toContain('rate hosts');
});

test('a document that dumps LSASS rates its host, with factors that name their finding', async () => {
  const result = (await call('assess_endpoint', events)) as {
    findings: { id: string }[];
    hosts: { host: string; score: number; factors: { indicator: string; weight: number }[] }[];
  };
  expect(result).toMatchObject({ verdict: 'malicious', severity: 'critical', hosts: [{ host: 'ws-042' }] });
  const [host] = result.hosts;
  expect(host?.score).toBe(
    Math.min(
      100,
      host!.factors.reduce((sum, { weight }) => sum + weight, 0),
    ),
  );
  const ids = result.findings.map(({ id }) => id);
  for (const { indicator } of host!.factors) expect(ids).toContain(indicator);
  expect(await call('propose_isolation', events)).toMatchObject({ plan: [{ host: 'ws-042', proposal: 'isolate' }] });
});

test('an empty and a broken recording are inconclusive, never clean', async () => {
  for (const text of ['', '{"broken', '{}\n{}', '[1,2]', '{"Channel":"Application","EventID":1000}']) {
    const result = await call('assess_endpoint', { events: { name: 'e', text } });
    expect(result, text).toMatchObject({ verdict: 'inconclusive', confidence: 0, findings: [] });
  }
});

test('an answer about a host whose sessions and shares were listed is not clean, and does not claim to have looked for that', async () => {
  const security = (fields: object) => JSON.stringify({ Channel: 'Security', Hostname: 'DC-1', ...fields });
  const asked = [
    security({ EventID: 5145, ShareName: '\\\\*\\IPC$', RelativeTargetName: 'srvsvc', IpAddress: '192.0.2.9' }),
    security({ EventID: 4799, TargetUserName: 'Administrators', CallerProcessName: '-' }),
    security({ EventID: 4688, NewProcessName: 'C:\\Windows\\System32\\net.exe', CommandLine: 'net localgroup' }),
  ];
  const events = { name: 'dc.jsonl', text: asked.join('\n') };
  expect(await call('assess_endpoint', { events })).toMatchObject({
    verdict: 'inconclusive',
    not_checked: expect.arrayContaining([
      {
        what: expect.stringMatching(/^discovery over the network/) as string,
        why: expect.stringContaining('only Sigma rules judge it') as string,
      },
    ]) as unknown[],
  });
});

test('without the tables it says what they would have told; with them it names their versions', async () => {
  const drivers = { drivers: [{ path: 'C:\\a.sys', hash: 'b'.repeat(64) }] };
  expect(await call('check_drivers', drivers)).toMatchObject({
    verdict: 'inconclusive',
    not_checked: expect.arrayContaining([expect.objectContaining({ what: 'the drivers' })]) as unknown[],
  });
  const sample = { f: 'a.sys', sha256: 'b'.repeat(64) };
  const data = { drivers: [{ id: 'd', category: 'vulnerable driver', samples: [sample] }] };
  const mounted = callerOf(endpointSecurity, { content: literalContent([{ name: 'loldrivers', version: '7', data }]) });
  expect(await mounted.call('check_drivers', drivers)).toMatchObject({
    verdict: 'malicious',
    data_versions: { loldrivers: '7' },
    drivers: [{ known_as: 'vulnerable', entry: 'd' }],
  });
});

test('indicators of other trades are named as not judged here', async () => {
  const iocs = [
    { type: 'command_line', value: 'vssadmin delete shadows /all' },
    { type: 'file_path', value: 'C:\\Users\\Public\\svchost.exe' },
    { type: 'domain', value: 'example.com' },
  ];
  expect(await call('analyze_threat', { alert_id: 'a', iocs })).toMatchObject({
    severity: 'critical',
    mitre_techniques: expect.arrayContaining(['T1490', 'T1036.005']) as string[],
    not_checked: expect.arrayContaining([expect.objectContaining({ what: 'indicators of type domain' })]) as unknown[],
  });
});
