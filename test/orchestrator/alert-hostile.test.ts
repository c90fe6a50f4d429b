/** Alerts that somebody made so that they hold everything up, or hide what lies beside them. */
import { expect, test } from 'vitest';
import { readAlerts } from '../../orchestrator/alert-input.ts';
import { detectKind } from '../../orchestrator/kind.ts';
import { expectProportion } from '../support/growth.ts';
import { investigated } from '../support/investigated.ts';

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

const ALERT = { title: 'x', severity: 'high', createdDateTime: '2026-11-20T10:00:00Z' };
const fieldsOf = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, nth) => [`k${nth}`, 1]));
const elements = (count: number, each: object) => Array.from({ length: count }, () => each);

test.each<[string, number, (size: number) => unknown]>([
  [
    'an element with many fields beside many that are read',
    4_800,
    (size) => ({
      ...ALERT,
      evidence: [
        { ipAddress: '192.0.2.9', ...fieldsOf(size) },
        ...elements(size / 40, { ipAddress: '192.0.2.9', url: 'u' }),
      ],
    }),
  ],
  ['an alert with many fields', 12_000, (size) => ({ ...ALERT, ...fieldsOf(size) })],
  [
    'many elements, of which some are read',
    120,
    (size) => ({ ...ALERT, evidence: elements(size, { ipAddress: '192.0.2.9', ...fieldsOf(40) }) }),
  ],
  ['many alerts', 500, (size) => elements(size, { ...ALERT, evidence: [{ ipAddress: '192.0.2.9', a: 1 }] })],
  [
    'lists in lists',
    500,
    (size) => elements(size, { alerts: [{ findings: [{ incidents: [ALERT] }] }], nextLink: 'x', value: [1] }),
  ],
])('%s are read in proportion to their size', async (_how, length, make) => {
  await expectProportion('x', length, async (text) => {
    expect((await readAlerts(bytesOf(JSON.stringify(make(text.length))))).alerts).not.toHaveLength(0);
  });
});

const EVENT = {
  EventID: 1,
  Image: 'C:\\Windows\\System32\\vssadmin.exe',
  CommandLine: 'vssadmin delete shadows /all /quiet',
};
const PLAIN = { title: 'Disk report', severity: 'info' };
const linesOf = (records: readonly unknown[]) => `${records.map((each) => JSON.stringify(each)).join('\n')}\n`;
const kindOf = (text: string) => detectKind(Buffer.from(text));

test.each([
  ['before', [PLAIN, ...elements(20, EVENT)]],
  ['behind', [...elements(20, EVENT), PLAIN]],
  ['among', [EVENT, PLAIN, EVENT]],
  ['that is an event too, among', elements(3, { ...EVENT, ...PLAIN })],
  ['inside, among', elements(3, { ...EVENT, alerts: [PLAIN] })],
  ['with text beside it, among', [PLAIN, { alerts: [PLAIN, 1] }]],
])('a record that looks like an alert %s events switches nothing off: it is a recording', async (_where, records) => {
  expect(kindOf(linesOf(records))).toBe('events');
  expect(kindOf(JSON.stringify(records))).toBe('events');
  expect(kindOf(JSON.stringify({ value: records }))).toBe('events');
  expect((await investigated(linesOf(records))).steps.map(({ skill }) => skill)).toEqual([
    'assess_endpoint',
    'run_sigma',
  ]);
});

test('a log of alerts behind whose beginning events stand is a recording too, and a list as well', async () => {
  const records = [...elements(600, { ...PLAIN, description: 'x'.repeat(150) }), ...elements(20, EVENT)];
  for (const text of [linesOf(records), JSON.stringify(records)]) {
    expect(kindOf(text.slice(0, 65_536))).toBe('alert');
    const { result, steps } = await investigated(text);
    expect(result.kind).toBe('events');
    expect(steps.map(({ skill }) => skill)).toEqual(['assess_endpoint', 'run_sigma']);
  }
});

test('a list in an object whose name of the next page quotes an alert is what it is', () => {
  expect(kindOf(JSON.stringify({ '@odata.nextLink': `[${JSON.stringify(PLAIN)}]`, value: [EVENT] }))).toBe('events');
});

test('what lies beside alerts and is not read is no mere remark: confidence is halved', async () => {
  const { result, unread } = await investigated(linesOf([PLAIN, ...elements(20, EVENT)]), 'alert');
  expect(unread).toContain('20 records beside the alerts');
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked[0]?.what).toBe('20 records beside the alerts');
});

test.each<unknown>([{ type: { toString: 1, valueOf: 1 } }, { metadata: { eventType: { toString: 1, valueOf: 1 } } }])(
  'an object where a word belongs is no crash: %j',
  (fields) => {
    expect(kindOf(linesOf(elements(2, { ...(fields as object), properties: {}, event: {} })))).toBe('events');
  },
);

test('the gravest alert is taken first, and what is too long takes no room from the others', async () => {
  const low = elements(100, { title: 'low', severity: 'low', host: 'h', rule: 'r'.repeat(500), user: 'u'.repeat(500) });
  const large = low.map((each, nth) => ({
    ...each,
    entities: elements(20, { type: 'host', value: `${nth}`.repeat(60) }),
  }));
  const first = await investigated([...large, { title: 'grave', severity: 'critical', host: 'dc-1' }]);
  expect(first.together?.[0]).toMatchObject({ title: 'grave' });
  const long = (nth: number) => ({
    title: `t${nth}`,
    severity: 'critical',
    host: 'h',
    command_line: `${nth}`.repeat(60_000),
    description: `${nth}`.repeat(60_000),
  });
  const last = { ...long(9), command_line: 'vssadmin delete shadows /all', description: 'it is 203.0.113.7' };
  const { paramsOf, unread } = await investigated([long(1), long(2), long(3), last], 'alert');
  expect(paramsOf('check_lolbins')?.['commands']).toContain('vssadmin delete shadows /all');
  expect(unread).toContain('1 command line');
  expect(unread).toContain('1 description');
});

test('alerts that differ in what they describe say nothing again', async () => {
  const many = Array.from({ length: 250 }, (_, nth) => ({
    title: 'a',
    severity: 'low',
    host: 'h',
    description: `http://x${nth}.example/`,
  }));
  const { unread, result } = await investigated(many);
  expect(result.not_checked.map(({ why }) => why).join()).not.toContain('say again');
  expect(unread).toContain('50 alerts');
});

test('one alert that is not valid is passed over and said, and a list of such alone is refused', async () => {
  const bad = { title: 'b', severity: 'high', iocs: [{ type: 'ip' }] };
  const { together, desk, unread, result } = await investigated([{ ...PLAIN, host: 'a' }, bad]);
  expect(together ?? [desk]).toHaveLength(1);
  expect(unread).toContain('1 alert of the input');
  expect(result.not_checked.find(({ what }) => what.startsWith('1 alert'))?.why).toContain('/1');
  await expect(investigated([bad, bad])).rejects.toMatchObject({ code: 4220 });
});

test('a name that is too long with what is joined to it costs the alert none of its others', async () => {
  const account = { kind: 'Account', properties: { accountName: 'a', upnSuffix: 'x'.repeat(600) } };
  const host = { kind: 'Host', properties: { hostName: 'ws-1' } };
  const { desk } = await investigated({ ...ALERT, entities: [account, host] });
  expect(desk?.['entities']).toEqual([{ type: 'host', value: 'ws-1' }]);
});

test('what CrowdStrike streams under its new names is read', async () => {
  const event = {
    Hostname: 'WS-1',
    Name: 'Theft',
    Description: 'd',
    CompositeId: 'c:1',
    SeverityName: 'High',
    MD5String: 'a'.repeat(32),
  };
  const { desk, paramsOf } = await investigated({
    metadata: { eventType: 'EppDetectionSummaryEvent' },
    event: { ...event, IOCValue: 'bad.example', IOCType: 'domain' },
  });
  expect(desk).toMatchObject({ alert_id: 'c:1', title: 'Theft', host: 'WS-1', severity: 'high' });
  expect(paramsOf('analyze_threat')?.['iocs']).toHaveLength(2);
});

test.each(['networkConnectionAction', 'awsApiCallAction', 'kubernetesApiCallAction', 'rdsLoginAttemptAction'])(
  'the other side of a %s of GuardDuty is an indicator',
  async (action) => {
    const told = { connectionDirection: 'OUTBOUND', remoteIpDetails: { ipAddressV4: '203.0.113.7' } };
    const finding = { schemaVersion: '2.0', type: 'Backdoor:EC2/C&CActivity.B', id: 'f', severity: 8, title: 't' };
    const { paramsOf } = await investigated({ ...finding, service: { action: { [action]: told } } });
    expect(paramsOf('analyze_threat')?.['iocs']).toEqual([{ type: 'ip', value: '203.0.113.7' }]);
  },
);

test('the network and the indicators of a finding of Security Hub are judged, and the rest is said', async () => {
  const { paramsOf, unread } = await investigated({
    ...{ SchemaVersion: '2018-10-08', ProductArn: 'arn:x', Title: 't', Severity: { Label: 'HIGH' } },
    ...{ Network: { DestinationIpV4: '203.0.113.7', DestinationDomain: 'bad.example' }, Malware: [{ Name: 'm' }] },
    ThreatIntelIndicators: [{ Type: 'IPV4_ADDRESS', Value: '203.0.113.8' }],
  });
  expect(paramsOf('analyze_threat')?.['iocs']).toHaveLength(3);
  expect(unread).toContain('Malware');
});

test('a threat of SentinelOne that was dismissed there is told so, and each of its addresses is one', async () => {
  const threatInfo = { threatName: 'm', confidenceLevel: 'malicious', analystVerdict: 'false_positive' };
  const { desk, unread } = await investigated({ threatInfo, agentDetectionInfo: { agentIpV4: '10.0.0.1, 10.0.0.2' } });
  expect(desk).toMatchObject({ severity: 'high', entities: [{ value: '10.0.0.1' }, { value: '10.0.0.2' }] });
  expect(unread).toContain('whether 1 alert is false');
});
