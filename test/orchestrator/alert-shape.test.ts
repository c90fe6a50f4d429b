/** Alerts of other products: what they call their fields, and that no odd field keeps an input from being read. */
import { expect, test } from 'vitest';
import { detectKind } from '../../orchestrator/kind.ts';
import { createInvestigate } from '../../orchestrator/investigate.ts';
import { rulesPlanner, type Step } from '../../orchestrator/plan.ts';
import { InvestigationResult } from '../../protocol/index.ts';
import { row } from '../support/ledger.ts';
import { resultOf } from '../support/result.ts';

async function* bytesOf({ text = '' }: { text?: string | undefined }): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

async function investigated(text: string) {
  const steps: Step[] = [];
  const handOff = ({ task_id }: { task_id: string }, step: Step) => {
    steps.push(step);
    return Promise.resolve(row(`${task_id}/${step.step}`, { state: 'completed', result: resultOf(), agent_id: 'any' }));
  };
  const run = createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff });
  const task = row('root', { params: { input: { name: 'input', text } } });
  const result = InvestigationResult.parse(await run(task, new AbortController().signal, () => undefined));
  const desk = steps.find(({ skill }) => skill === 'triage_alert')?.params.alert;
  return { result, desk, steps, skills: steps.map(({ skill }) => skill).sort() };
}

test('an alert of Wazuh is read by its level, agent, rule and data, and what is left is named', async () => {
  const { result, desk, skills } = await investigated(
    JSON.stringify({
      timestamp: '2026-11-10T08:00:00.000+0000',
      rule: {
        level: 12,
        description: 'Failures, then a success',
        id: '40112',
        mitre: { id: ['T1110'] },
        firedtimes: 3,
      },
      agent: { id: '001', name: 'web1' },
      data: { srcip: '198.51.100.2', dstuser: 'root' },
      full_log: 'sshd[1]: Accepted password for root from 198.51.100.2',
      location: '/var/log/auth.log',
    }),
  );
  expect(desk).toMatchObject({
    severity: 'high',
    title: 'Failures, then a success',
    rule: '40112',
    host: 'web1',
    user: 'root',
    src_ip: '198.51.100.2',
    mitre_techniques: ['T1110'],
  });
  expect(skills).toEqual(['extract_iocs', 'extract_iocs', 'triage_alert']);
  const [left] = result.not_checked;
  expect(left?.what).toContain('rule.firedtimes');
  expect(left?.what).toContain('location');
  expect(left?.what).not.toMatch(/data|full_log|timestamp/);
});

test('an alert of Elastic is read with dots in its names and with objects in one another', async () => {
  const { desk, skills } = await investigated(
    JSON.stringify({
      '@timestamp': '2026-11-10T08:00:00Z',
      'kibana.alert.rule.name': 'LSASS Memory Dump Creation',
      'kibana.alert.severity': 'High',
      host: { name: 'WS-042' },
      user: { name: 'bob' },
      source: { ip: '198.51.100.3' },
      process: { command_line: 'procdump -ma lsass.exe' },
    }),
  );
  expect(desk).toMatchObject({
    severity: 'high',
    rule: 'LSASS Memory Dump Creation',
    host: 'WS-042',
    user: 'bob',
    src_ip: '198.51.100.3',
    timestamp: '2026-11-10T08:00:00Z',
  });
  expect(desk).not.toHaveProperty('source');
  expect(skills).toContain('check_lolbins');
});

test('the level of Wazuh is read where its rule has it, dots in its name or not, and nowhere else', async () => {
  const dotted = await investigated(
    JSON.stringify({ title: 'x', 'rule.level': 15, rule: { id: '1' }, agent: { name: 'web1' }, location: 'y' }),
  );
  expect(dotted.desk).toMatchObject({ severity: 'critical' });
  expect(dotted.result.not_checked[0]?.what).toContain('location');
  expect(dotted.result.not_checked[0]?.what).not.toContain('rule.level');
  const odd = await investigated(
    JSON.stringify({ title: 'x', severity: { wazuh: 15 }, 'kibana.alert.rule.name': 'y', host: 'web1' }),
  );
  expect(odd.desk).not.toHaveProperty('severity');
  expect(odd.result.not_checked.map(({ what }) => what).join()).toContain('severity');
});

const EVE = {
  timestamp: '2026-11-24T03:00:00.000000+0000',
  flow_id: 1,
  event_type: 'alert',
  src_ip: '10.0.0.5',
  dest_ip: '203.0.113.9',
  alert: {
    signature_id: 2027865,
    signature: 'ET MALWARE Cobalt Strike Beacon',
    severity: 1,
    metadata: { mitre_technique_id: ['T1071'] },
  },
};
const GUARDDUTY = {
  schemaVersion: '2.0',
  type: 'UnauthorizedAccess:EC2/MaliciousIPCaller.Custom',
  id: 'f-1',
  severity: 8,
  title: 'EC2 instance i-1 talks to a malicious address',
  resource: { instanceDetails: { instanceId: 'i-1' } },
  service: {
    eventLastSeen: '2026-11-24T03:00:00Z',
    action: {
      networkConnectionAction: { connectionDirection: 'OUTBOUND', remoteIpDetails: { ipAddressV4: '203.0.113.9' } },
    },
  },
};
const DEFENDER = {
  id: 'da1',
  title: 'Suspicious PowerShell',
  severity: 'High',
  computerDnsName: 'ws1',
  alertCreationTime: '2026-11-24T03:00:00Z',
  mitreTechniques: ['T1059.001'],
  evidence: [{ entityType: 'File' }, { entityType: 'Process', processCommandLine: 'powershell -enc AAAA' }],
};
const CROWDSTRIKE = {
  metadata: { eventType: 'DetectionSummaryEvent', eventCreationTime: 1_764_000_000_000 },
  event: {
    DetectName: 'Mimikatz',
    Severity: 5,
    SeverityName: 'Critical',
    ComputerName: 'WS1',
    CommandLine: 'mimikatz.exe',
  },
};
const WAZUH = {
  timestamp: '2026-11-24T03:00:00.000+0000',
  id: '1764000000.1',
  rule: { level: 15, description: 'Many failures', id: '5712', mitre: { id: ['T1110'] } },
  agent: { id: '001', name: 'web1' },
  manager: { name: 'm' },
  data: { srcip: '203.0.113.9' },
};

test.each([
  [
    'Suricata',
    EVE,
    {
      severity: 'high',
      title: 'ET MALWARE Cobalt Strike Beacon',
      rule: '2027865',
      src_ip: '10.0.0.5',
      dst_ip: '203.0.113.9',
      mitre_techniques: ['T1071'],
    },
  ],
  [
    'GuardDuty',
    GUARDDUTY,
    {
      severity: 'high',
      rule: GUARDDUTY.type,
      host: 'i-1',
      dst_ip: '203.0.113.9',
      timestamp: '2026-11-24T03:00:00Z',
      alert_id: 'f-1',
    },
  ],
  [
    'Defender',
    DEFENDER,
    {
      severity: 'high',
      host: 'ws1',
      mitre_techniques: ['T1059.001'],
      timestamp: '2026-11-24T03:00:00Z',
      alert_id: 'da1',
    },
  ],
  [
    'CrowdStrike',
    CROWDSTRIKE,
    { severity: 'critical', title: 'Mimikatz', rule: 'Mimikatz', host: 'WS1', timestamp: '2025-11-24T16:00:00.000Z' },
  ],
  [
    'Wazuh',
    WAZUH,
    {
      severity: 'critical',
      title: 'Many failures',
      rule: '5712',
      host: 'web1',
      src_ip: '203.0.113.9',
      mitre_techniques: ['T1110'],
    },
  ],
])('an alert of %s says on its own scale what the desk is told', async (_who, alert, told) => {
  expect((await investigated(JSON.stringify(alert))).desk).toMatchObject(told);
});

test('the command of a process among the evidence of Defender is judged, and the rest is told as unread', async () => {
  const { skills, result } = await investigated(JSON.stringify(DEFENDER));
  expect(skills).toContain('check_lolbins');
  expect(result.not_checked[0]?.what).toContain('evidence');
});

test.each([
  ['a number without its scale', { title: 'x', severity: 8, host: 'i-1' }],
  ['a priority', { title: 'x', severity: 'P1', host: 'h' }],
  ['nothing', { title: 'x', host: 'h' }],
  ['a priority of Suricata that is not known', { ...EVE, alert: { ...EVE.alert, severity: 9 } }],
])('%s becomes no severity', async (_what, alert) => {
  const { desk } = await investigated(JSON.stringify(alert));
  expect(desk).toBeDefined();
  expect(desk).not.toHaveProperty('severity');
});

test('the request that an alert of Suricata tells of is judged, and the rest of what it logged is told as unread', async () => {
  const http = {
    hostname: 'shop.example',
    url: '/?id=1%20UNION%20SELECT%201',
    http_user_agent: 'sqlmap/1.7',
    http_method: 'GET',
    status: 200,
  };
  const alert = { signature: 'ET WEB_SERVER SELECT in URI', signature_id: 2006446, severity: 1 };
  const { result, desk, steps } = await investigated(
    JSON.stringify({ timestamp: '2026-11-10T08:00:00Z', event_type: 'alert', src_ip: '198.51.100.9', alert, http }),
  );
  expect(desk).toMatchObject({ title: 'ET WEB_SERVER SELECT in URI', severity: 'high' });
  expect(steps.find(({ skill }) => skill === 'analyze_http')?.params['request']).toEqual({
    method: 'GET',
    url: '/?id=1%20UNION%20SELECT%201',
    headers: { Host: 'shop.example', 'User-Agent': 'sqlmap/1.7' },
  });
  expect(result.not_checked[0]?.what).toContain('http.status');
  expect(result.not_checked[0]?.what).not.toMatch(/http\.(?:url|hostname|http_method)/);
});

test('a request, a mail or a log in another form than is read ends no investigation: it is named', async () => {
  const { result, desk } = await investigated(
    JSON.stringify({
      title: 'x',
      severity: 'low',
      http: { request: { method: 'GET' } },
      email: { from: 'a@b.example' },
      raw_log: ['line'],
    }),
  );
  expect(desk).toMatchObject({ title: 'x' });
  expect(result.not_checked[0]).toMatchObject({
    what: expect.stringMatching(/raw_log.*http.*email/) as string,
    why: expect.stringContaining('passed over') as string,
  });
});

test('an odd field is passed over and named, and never the end of an investigation', async () => {
  const { result, desk } = await investigated(
    JSON.stringify({
      title: 'x',
      severity: 'CRITICAL',
      host: ['a', 'b'],
      user: { nick: 'bob' },
      entities: 'none',
      src_ip: 7,
    }),
  );
  expect(desk).toMatchObject({ severity: 'critical', src_ip: '7' });
  expect(desk).not.toHaveProperty('host');
  expect(result.not_checked[0]).toMatchObject({
    what: expect.stringMatching(/host.*user.*entities/) as string,
    why: expect.stringContaining('passed over') as string,
  });
  expect(result.verdict).toBe('inconclusive');
});

test('what a specialist cannot read is said of the input: nobody who gave no params reads of them', async () => {
  const handOff = ({ task_id }: { task_id: string }) =>
    Promise.resolve(row(task_id, { state: 'failed', error: { code: -32602, message: 'Invalid params: /alert/x' } }));
  const run = createInvestigate({ planner: rulesPlanner, open: bytesOf, handOff });
  const task = row('root', { params: { input: { name: 'input', text: '{"title":"x","severity":"low"}' } } });
  await expect(run(task, new AbortController().signal, () => undefined)).rejects.toMatchObject({ code: 4220 });
});

test('an audit record of Kubernetes and an event of ECS are events, an alert of Elastic is an alert', () => {
  const kindOf = (value: unknown) => detectKind(Buffer.from(JSON.stringify(value)));
  expect(kindOf({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', user: { username: 'x' } })).toBe('events');
  expect(kindOf({ '@timestamp': 'x', event: { category: ['process'] }, host: { name: 'x' } })).toBe('events');
  expect(kindOf({ 'kibana.alert.severity': 'high', event: { category: ['process'] } })).toBe('alert');
  expect(kindOf({ event: { kind: 'alert', category: ['process'] } })).toBe('alert');
});

const PROXY = '2026-11-10 10:00:01 ACTION=deny src 192.0.2.7\n'.repeat(3);
const EVENT_XML = '<Event xmlns="x"><System><EventID>1</EventID></System></Event>';
test.each([
  ['a log of a format that nobody knows', PROXY, /lines of the log/],
  ['exported event XML', EVENT_XML, /events in the XML/],
])('%s is read as text only, says so, and is never benign', async (_name, text, what) => {
  const { result } = await investigated(text);
  expect(result).toMatchObject({ kind: 'report', verdict: 'inconclusive' });
  expect(result.not_checked[0]).toMatchObject({
    what: expect.stringMatching(what) as string,
    why: expect.stringContaining('read as text only') as string,
  });
});

test('a load balancer of AWS writes a web access log', () => {
  const line =
    'https 2026-11-10T10:00:00.186641Z app/lb/50dc 192.0.2.1:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET https://a.example:443/ HTTP/1.1" "Mozilla/5.0" -';
  expect(detectKind(Buffer.from(line))).toBe('access_log');
});

test('zeros that a broken write left are skipped and said; a file of zeros stays binary', async () => {
  const event = '{"EventID":1,"Image":"a.exe","CommandLine":"a.exe --with many words and more"}\n';
  const { result } = await investigated(`${event}${'\0'.repeat(4_096)}${event}`);
  expect(result.kind).toBe('events');
  expect(result.not_checked[0]?.why).toContain('damaged when it was written');
  expect(() => detectKind(Buffer.from('a\0b\n'.repeat(100)))).toThrow(/binary/);
});

test.each([
  ['a colon that is missing', '{\n  "a": 1,\n  "b" 2\n}\n', ': line 3, column 7'],
  ['a comma too many', '{"title": "x",}', ': line 1, column 15'],
  ['a line break within a text', '{\n"title": "x\ny"}', ': line 2, column 12'],
  ['a second record', '{"title":"x"}\n{"title":"y"}\n', ': line 2, column 1'],
  ['a file that was cut', '{"title":', ': it stops at line 1, column 10'],
  ['one that was cut behind a line', '{"title":\n\n', ': it stops at line 3, column 1'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), ''],
])('an alert that is no JSON is refused by the place where it stops: %s', async (_what, bytes, place) => {
  const open = async function* () {
    yield await Promise.resolve(Buffer.from(bytes));
  };
  const run = createInvestigate({
    planner: rulesPlanner,
    open,
    handOff: () => Promise.reject(new Error('nothing is asked')),
  });
  const task = row('root', { params: { input: { name: 'bad.json', text: '' }, kind: 'alert' } });
  await expect(run(task, new AbortController().signal, () => undefined)).rejects.toMatchObject({
    code: 4220,
    message: `The input is no valid JSON in UTF-8${place}`,
  });
});
