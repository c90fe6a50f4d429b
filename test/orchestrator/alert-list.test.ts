/** Alerts as APIs, buses and logs hand them over: in envelopes, in lists, one on each line. */
import { expect, test } from 'vitest';
import { detectKind } from '../../orchestrator/kind.ts';
import { investigated } from '../support/investigated.ts';

const SHA256 = '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f';
const ENTITIES = [
  { id: 'e1', kind: 'Account', properties: { accountName: 'anna', upnSuffix: 'corp.example', isDomainJoined: true } },
  { id: 'e2', kind: 'Host', properties: { hostName: 'ws-042', dnsDomain: 'corp.example' } },
  { id: 'e3', kind: 'Ip', properties: { address: '198.51.100.9' } },
  { id: 'e4', kind: 'FileHash', properties: { algorithm: 'SHA256', hashValue: SHA256 } },
  { id: 'e5', kind: 'Process', properties: { processId: '7', commandLine: 'whoami /all' } },
  { id: 'e6', kind: 'RegistryKey', properties: { hive: 'HKLM', key: 'SOFTWARE\\x' } },
];
const SENTINEL = {
  id: '/subscriptions/s/providers/Microsoft.SecurityInsights/Incidents/i-1',
  name: 'i-1',
  etag: '"e"',
  type: 'Microsoft.SecurityInsights/Incidents',
  properties: {
    title: 'Suspicious addition to a privileged group',
    description: 'An account was added by 198.51.100.9',
    severity: 'High',
    status: 'New',
    providerName: 'Azure Sentinel',
    firstActivityTimeUtc: '2026-11-20T13:00:30Z',
    owner: { email: null, assignedTo: 'john' },
    labels: [],
    additionalData: { techniques: ['T1098'], alertsCount: 1 },
    relatedEntities: ENTITIES,
  },
};
const BEHAVIORS = [
  {
    timestamp: '2026-11-20T09:59:58Z',
    display_name: 'DownloadString',
    description: 'It downloads',
    cmdline: 'powershell.exe -c iex x',
    technique_id: 'T1059.001',
    user_name: 'anna',
    ioc_type: 'domain',
    ioc_value: 'bad.example',
  },
  { display_name: 'CredDump', cmdline: 'rundll32.exe comsvcs.dll, MiniDump', technique_id: 'T1003', sha256: SHA256 },
];
const CROWDSTRIKE = {
  detection_id: 'ldt:a:1',
  created_timestamp: '2026-11-20T10:00:01Z',
  first_behavior: '2026-11-20T09:59:58Z',
  device: { hostname: 'WS-042', local_ip: '10.1.2.3', os_version: 'Windows 11' },
  behaviors: BEHAVIORS,
  max_severity: 90,
  max_severity_displayname: 'Critical',
};
const FINDING = {
  schemaVersion: '2.0',
  accountId: '111122223333',
  id: 'f-1',
  type: 'CryptoCurrency:EC2/BitcoinTool.B!DNS',
  severity: 8,
  title: 'The instance asks for a mining pool',
  resource: { instanceDetails: { instanceId: 'i-0abc' } },
  service: {
    eventLastSeen: '2026-11-20T20:58:00Z',
    action: { dnsRequestAction: { domain: 'pool.example', blocked: false } },
  },
};
const GRAPH = {
  '@odata.type': '#microsoft.graph.security.alert',
  id: 'g-1',
  title: 'A hidden file was launched',
  severity: 'high',
  createdDateTime: '2026-11-20T12:45:51Z',
  serviceSource: 'microsoftDefenderForEndpoint',
  assignedTo: null,
  comments: [],
  mitreTechniques: ['T1564.001'],
  evidence: [
    { '@odata.type': '#microsoft.graph.security.deviceEvidence', deviceDnsName: 'ws-042', osPlatform: 'Windows10' },
    { '@odata.type': '#microsoft.graph.security.fileEvidence', fileDetails: { sha256: SHA256, fileName: 'x.exe' } },
    { '@odata.type': '#microsoft.graph.security.processEvidence', processCommandLine: 'x.exe -hidden' },
    { '@odata.type': '#microsoft.graph.security.urlEvidence', url: 'http://bad.example/x.exe' },
  ],
};
const eve = (nth: number, fields: object = {}) => ({
  timestamp: `2026-11-24T03:00:0${nth}Z`,
  flow_id: nth,
  event_type: 'alert',
  src_ip: '10.0.0.5',
  dest_ip: `203.0.113.${nth}`,
  alert: { signature_id: 2027865 + nth, signature: `ET MALWARE Beacon ${nth}`, severity: 1 },
  ...fields,
});
const linesOf = (...records: unknown[]) => `${records.map((each) => JSON.stringify(each)).join('\n')}\n`;

test.each([
  ['as its API answers', SENTINEL, '/properties'],
  ['as its trigger hands it over', { objectSchemaType: 'Incident', object: SENTINEL }, '/object/properties'],
  ['on a page of a list', { value: [SENTINEL] }, '/value/0/properties'],
])('an incident of Sentinel is read %s: who, where, what, and at which place', async (_how, given, place) => {
  const { desk, paramsOf, unread } = await investigated(given);
  expect(desk).toMatchObject({
    alert_id: 'i-1',
    title: 'Suspicious addition to a privileged group',
    severity: 'high',
    source: 'Azure Sentinel',
    timestamp: '2026-11-20T13:00:30Z',
    mitre_techniques: ['T1098'],
    entities: [
      { type: 'user', value: 'anna@corp.example' },
      { type: 'host', value: 'ws-042.corp.example' },
      { type: 'ip', value: '198.51.100.9' },
    ],
  });
  expect(paramsOf('check_lolbins')).toEqual({
    commands: ['whoami /all'],
    origins: [{ source: 'in', locator: `${place}/relatedEntities/4/properties/commandLine` }],
  });
  expect(paramsOf('analyze_threat')).toMatchObject({
    iocs: [
      { type: 'ip', value: '198.51.100.9' },
      { type: 'sha256', value: SHA256 },
    ],
    origins: [{}, { locator: `${place}/relatedEntities/3/properties/hashValue` }],
  });
  expect(unread).toContain('owner');
  expect(unread).toContain('relatedEntities[].properties.processId');
  expect(unread).toMatch(/relatedEntities\[\]$/m); // the key of the registry: nothing of it was read
  expect(unread).not.toMatch(/labels|etag|hashValue|properties\.address/);
});

test.each([
  ['alone', CROWDSTRIKE, ''],
  ['as the API answers', { meta: { query_time: 1 }, resources: [CROWDSTRIKE], errors: [] }, '/resources/0'],
  ['in a list', [CROWDSTRIKE], '/0'],
])('a detection of CrowdStrike is read by its behaviors, %s', async (_how, given, place) => {
  const { desk, paramsOf, unread } = await investigated(given);
  expect(desk).toMatchObject({
    alert_id: 'ldt:a:1',
    title: 'DownloadString, CredDump',
    severity: 'critical',
    host: 'WS-042',
    timestamp: '2026-11-20T09:59:58Z',
    mitre_techniques: ['T1059.001', 'T1003'],
    entities: [
      { type: 'ip', value: '10.1.2.3' },
      { type: 'user', value: 'anna' },
    ],
  });
  expect(paramsOf('check_lolbins')).toEqual({
    commands: BEHAVIORS.map(({ cmdline }) => cmdline),
    origins: [0, 1].map((nth) => ({ source: 'in', locator: `${place}/behaviors/${nth}/cmdline` })),
  });
  expect(paramsOf('analyze_threat')?.['iocs']).toEqual([
    { type: 'domain', value: 'bad.example' },
    { type: 'sha256', value: SHA256 },
  ]);
  expect(unread).toContain('device.os_version');
  expect(unread).not.toMatch(/cmdline|display_name|technique_id/);
});

test('a finding of GuardDuty is read out of an event of EventBridge, and off the command line of AWS', async () => {
  const event = { version: '0', id: 'e', 'detail-type': 'GuardDuty Finding', source: 'aws.guardduty', region: 'eu-1' };
  const bus = await investigated({ ...event, detail: FINDING });
  expect(bus.desk).toMatchObject({ alert_id: 'f-1', severity: 'high', host: 'i-0abc', rule: FINDING.type });
  expect(bus.paramsOf('analyze_threat')).toMatchObject({
    iocs: [{ type: 'domain', value: 'pool.example' }],
    origins: [{ locator: '/detail/service/action/dnsRequestAction/domain' }],
  });
  expect(bus.unread).toContain('region');
  const capital = { SchemaVersion: '2.0', Type: 'Recon:EC2/Portscan', Id: 'f-2', Severity: 5, Title: 'A scan' };
  const Resource = { InstanceDetails: { InstanceId: 'i-9' } };
  const listed = await investigated({ Findings: [{ ...capital, Resource }], NextToken: 'n' });
  expect(listed.desk).toMatchObject({ title: 'A scan', severity: 'medium', host: 'i-9', rule: 'Recon:EC2/Portscan' });
  expect(listed.unread).toContain('further alerts of the list');
});

test('a page of Graph is a list of alerts: the desk binds them, and the evidence of each is judged', async () => {
  const second = { ...GRAPH, id: 'g-2', title: 'Mimikatz', evidence: GRAPH.evidence.slice(0, 1) };
  const page = { '@odata.context': 'https://graph.example/$metadata#alerts', value: [GRAPH, second] };
  const { result, together, paramsOf, unread } = await investigated(page);
  expect(result.kind).toBe('alert');
  expect(together).toMatchObject([
    { alert_id: 'g-1', severity: 'high', entities: [{ type: 'host', value: 'ws-042' }] },
    { alert_id: 'g-2', title: 'Mimikatz' },
  ]);
  expect(paramsOf('check_lolbins')?.['origins']).toEqual([
    { source: 'in', locator: '/value/0/evidence/2/processCommandLine' },
  ]);
  expect(paramsOf('analyze_threat')?.['iocs']).toEqual([
    { type: 'sha256', value: SHA256 },
    { type: 'url', value: 'http://bad.example/x.exe' },
  ]);
  expect(unread).toContain('evidence[].osPlatform');
  expect(unread).not.toMatch(/assignedTo|comments|evidence\[\]\.url/);
});

test('the alerts of an eve.json are judged, each by its line; with other lines it is a recording, unless it is said', async () => {
  const http = { http_method: 'GET', hostname: 'shop.example', url: '/?id=1' };
  const dns = { event_type: 'dns', flow_id: 9, dns: { rrname: 'x.example' } };
  const { result, together, paramsOf, unread } = await investigated(
    linesOf(dns, eve(1, { http }), eve(2, { http })),
    'alert',
  );
  expect(result.kind).toBe('alert');
  expect(together).toMatchObject([
    { alert_id: 'line 2', title: 'ET MALWARE Beacon 1', severity: 'high', dst_ip: '203.0.113.1' },
    { alert_id: 'line 3' },
  ]);
  expect(paramsOf('analyze_http')?.['requests']).toHaveLength(2);
  expect(paramsOf('extract_iocs')?.['source']).toMatchObject({ text: 'ET MALWARE Beacon 1\nET MALWARE Beacon 2' });
  expect(unread).toContain('1 record beside the alerts');
  expect(detectKind(Buffer.from(linesOf(eve(1), eve(2))))).toBe('alert');
  expect(detectKind(Buffer.from(linesOf(dns, eve(1), eve(2))))).toBe('events');
  expect(detectKind(Buffer.from(linesOf(dns, dns)))).toBe('events');
});

test('a threat of SentinelOne and a search of Splunk are read in their own words', async () => {
  const threat = {
    id: '225',
    agentDetectionInfo: { agentIpV4: '10.1.2.3' },
    agentRealtimeInfo: { agentComputerName: 'WS-9' },
    threatInfo: {
      ...{ threatName: 'mimikatz.exe', confidenceLevel: 'malicious', createdAt: '2026-11-20T10:00:00Z' },
      ...{ sha256: SHA256, maliciousProcessArguments: 'mimikatz.exe x', processUser: 'CORP\\anna' },
    },
  };
  const one = await investigated({ data: [threat], pagination: { nextCursor: null } });
  expect(one.desk).toMatchObject({ title: 'mimikatz.exe', severity: 'high', host: 'WS-9', user: 'CORP\\anna' });
  expect(one.paramsOf('check_lolbins')?.['origins']).toEqual([
    { source: 'in', locator: '/data/0/threatInfo/maliciousProcessArguments' },
  ]);
  const search = { search_name: 'Brute force', results_link: 'x', result: { src: '198.51.100.7', urgency: 'high' } };
  const { desk } = await investigated(search);
  expect(desk).toMatchObject({ title: 'Brute force', severity: 'high', src_ip: '198.51.100.7' });
});

test('what is said of a line of a log is cited by the line and the pointer in it', async () => {
  const line = { 'kibana.alert.rule.name': 'x', 'kibana.alert.severity': 'low' };
  const { paramsOf } = await investigated(
    linesOf({ ...line, host: { name: 'a' } }, { ...line, process: { command_line: 'whoami /all' } }),
  );
  expect(paramsOf('check_lolbins')?.['origins']).toEqual([{ source: 'in', locator: 'line 2, /process/command_line' }]);
});

test('alerts in our own words are a list too, and events that only have a title are none', () => {
  const kindOf = (value: unknown) => detectKind(Buffer.from(JSON.stringify(value)));
  expect(kindOf([{ title: 'x', severity: 'high', host: 'a' }])).toBe('alert');
  expect(kindOf([{ title: 'x', EventID: 1 }])).toBe('events');
  expect(kindOf({ Records: [{ eventSource: 'iam.amazonaws.com', eventName: 'CreateUser' }] })).toBe('events');
});

test('of a thousand alerts the gravest are judged, what repeats is folded, and what finds no room is said', async () => {
  const many = Array.from({ length: 1_000 }, (_, nth) => ({
    ...{ title: `Alert ${nth % 500}`, severity: nth % 500 === 499 ? 'critical' : 'low' },
    ...{ host: `h-${nth % 500}`, description: 'x'.repeat(100), command_line: `c ${nth % 500}` },
  }));
  const { together, unread } = await investigated(many);
  expect(together).toHaveLength(200);
  expect(together?.[0]).toMatchObject({ title: 'Alert 499' });
  expect(unread).toContain('500 alerts');
  expect(unread).toContain('300 alerts');
  expect(Buffer.byteLength(JSON.stringify(together))).toBeLessThan(262_144);
});

test('a log longer than is read is judged as far as it goes, and says where that ends', async () => {
  const long = Array.from({ length: 3_000 }, () => eve(1, { payload: 'x'.repeat(400) }));
  const { unread, together, desk } = await investigated(linesOf(...long));
  expect(together ?? [desk]).not.toHaveLength(0);
  expect(unread).toContain('the rest of the log');
  await expect(investigated(long)).rejects.toMatchObject({ code: 4130 });
});

test('an alert that is no object deep inside, or nested without end, is refused and never a crash', async () => {
  const deep = `{"title":"x","severity":"low","a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
  await expect(investigated(deep)).rejects.toMatchObject({ code: 4220 });
  const odd = { ...CROWDSTRIKE, behaviors: [null, 7, 'x', { cmdline: 5 }], device: null };
  expect((await investigated(odd)).desk).toMatchObject({ severity: 'critical' });
});
