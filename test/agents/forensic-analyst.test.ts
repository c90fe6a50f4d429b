/** The forensic specialist, called as a peer calls it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { forensicAnalyst } from '../../agents/forensic-analyst.ts';
import type { CustodyEntry } from '../../analysis/forensics/index.ts';
import { callerOf } from '../support/caller.ts';
import { dataPath, describeWithData } from '../support/data.ts';

const { call } = callerOf(forensicAnalyst);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of forensicAnalyst.skills) {
    expect(examples.length, id).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
});

test('what is no event log is refused with its reason (4220), an empty one is not clean', async () => {
  await expect(call('parse_evtx', { log: { text: 'hello' } })).rejects.toMatchObject({
    code: 4220,
    message: expect.stringContaining('does not begin like an event log') as string,
  });
  const [example] = forensicAnalyst.skills[0]!.examples!;
  expect(await call('parse_evtx', example)).toMatchObject({
    verdict: 'inconclusive',
    log: { records: 0, histogram: {} },
  });
});

test('an artefact that nobody knows is inconclusive with its reason, not an error', async () => {
  expect(await call('parse_artifact', { artifact: { name: 'x', base64: 'AAECAw==' } })).toMatchObject({
    verdict: 'inconclusive',
    artifact: { kind: 'unsupported' },
  });
});

test('collected evidence verifies, and a byte or an entry that was changed is named', async () => {
  const sources = [
    { name: 'a.log', text: 'one' },
    { name: '../../x\u001b[2J', text: 'two' },
  ];
  const said = { collected_by: 'a@example.org', collected_at: '2026-11-24T09:30:00Z' };
  const { chain } = (await call('collect_evidence', { sources, ...said })) as { chain: CustodyEntry[] };
  const head = chain.at(-1)!.entry_sha256;
  const judged = (more: object) => call('verify_custody', { chain, sources, head, ...more });
  expect(await judged({})).toMatchObject({ verdict: 'benign', custody: { is_sound: true, faults: [] } });
  expect(await judged({ sources: [sources[0], { ...sources[1]!, text: 'twO' }] })).toMatchObject({
    severity: 'high',
    custody: { is_sound: false, faults: [{ number: 2 }] },
  });
  expect(await judged({ chain: [{ ...chain[0]!, note: 'x' }, chain[1]!] })).toMatchObject({
    custody: { faults: [{ number: 1 }] },
  });
  expect(await judged({ head: undefined })).toMatchObject({ verdict: 'inconclusive' });
  expect(await call('collect_evidence', { sources, ...said, chain: [{ ...chain[0]!, size: 9 }] })).toMatchObject({
    chain: [{ number: 1 }], // nothing is built on a chain that does not hold
    verdict: expect.not.stringMatching('benign') as string,
  });
});

test('a known skew corrects a source, and the finding says so', async () => {
  const source = { name: 'bash_history', text: '#1764000000\nid\n' };
  expect(await call('build_timeline', { sources: [{ source, skew_ms: 60_000 }] })).toMatchObject({
    timeline: [{ time: '2025-11-24T15:59:00Z', subject: 'id' }],
    sources: [{ skew_ms: 60_000, skew_why: 'given by the caller' }],
    findings: [{ rule: 'timeline/skew', severity: 'info' }],
  });
});

test('syslog without a year and zone is placed by what the caller says, and what is missing is named', async () => {
  const text = [
    'Dec 31 23:59:58 web1 sshd[1]: Accepted password for root from 203.0.113.4 port 1 ssh2',
    'Jan  1 00:00:02 web1 sshd[1]: pam_unix(sshd:session): session opened for user root',
    'Feb 30 00:00:02 web1 sshd[1]: no such day',
  ].join('\n');
  const build = (known: object) =>
    call('build_timeline', { sources: [{ source: { name: 'auth.log', text }, ...known }] });
  expect(await build({ year: 2025, zone: '+02:00' })).toMatchObject({
    timeline: [
      { time: '2025-12-31T21:59:58Z', clock: expect.stringContaining('year 2025, the zone +02:00') as string },
      { time: '2025-12-31T22:00:02Z' },
    ],
    sources: [{ entries: 2, undated: 1 }],
  });
  for (const known of [{}, { year: 2025 }, { zone: 'Z' }]) {
    const bare = await build(known);
    expect(bare).toMatchObject({ timeline: [], sources: [{ undated: 3 }] });
    expect(JSON.stringify(bare)).toContain('keep no year and no zone: say `year` and `zone` of this source');
  }
  await expect(build({ year: 2025, zone: 'CET' })).rejects.toMatchObject({ code: -32602 });
  const error =
    '2026/11/28 10:00:00 [error] 7#7: *1 open() failed, client: 203.0.113.4, server: _, request: "GET /a HTTP/1.1"';
  expect(
    await call('build_timeline', { sources: [{ source: { name: 'error.log', text: error }, zone: '-07:00' }] }),
  ).toMatchObject({ timeline: [{ time: '2026-11-28T17:00:00Z' }] });
});

describeWithData('real logs and artefacts', () => {
  const base64 = (...parts: string[]) => readFileSync(dataPath(...parts)).toString('base64');

  test('a log of an attack says what its records say by themselves', async () => {
    const name = 'DE_1102_security_log_cleared.evtx.gz';
    const result = await call('parse_evtx', { log: { name, base64: base64('evtx', name) }, sample_max: 2 });
    expect(result).toMatchObject({
      mitre_techniques: expect.arrayContaining(['T1685.005']) as string[],
      log: {
        records: 112,
        histogram: { 'Security|1102': 1, 'Security|5156': 1, 'Security|4663': 110 },
        sample: [{ event_id: 1102 }, {}],
      },
    });
  });

  test('artefacts and logs make one timeline, in order', async () => {
    const sources = ['TASKHOST.EXE-3AE259FC.pf', 'example.lnk', 'wtmp.1', 'bash_history', 'apache_access.log'].map(
      (name) => ({
        source: { name, base64: base64('forensics', name) },
      }),
    );
    const { timeline, sources: given } = (await call('build_timeline', { sources })) as {
      timeline: { time: string }[];
      sources: { kind: string }[];
    };
    expect(given.map(({ kind }) => kind)).toEqual(['prefetch', 'lnk', 'utmp', 'history', 'log']);
    expect(timeline.length).toBeGreaterThan(15);
    const times = timeline.map(({ time }) => Date.parse(time));
    expect([...times].sort((left, right) => left - right)).toEqual(times);
  });
});
