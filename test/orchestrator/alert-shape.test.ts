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
  return { result, desk, skills: steps.map(({ skill }) => skill).sort() };
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
