/** Plans of response: what is planned, in which order, and never without a finding. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agents } from '../../../agents/index.ts';
import { credentialResets } from '../../../analysis/endpoint/credential-resets.ts';
import { neutralize } from '../../../analysis/evidence/index.ts';
import { analyzeThreat } from '../../../analysis/ioc/index.ts';
import { ACTIONS, kindSaid, STAGES } from '../../../analysis/response/actions.ts';
import { Asset } from '../../../analysis/response/assets.ts';
import { PlannedInvestigation, planResponse } from '../../../analysis/response/plan.ts';
import { recommendationsOf } from '../../../analysis/web/log-actions.ts';
import type { Agent } from '../../../mesh/index.ts';
import { AnalysisResult, type Finding, type Recommendation, type Severity } from '../../../protocol/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { callerOf } from '../../support/caller.ts';

const LSASS = found('process-1', 'ws-042: rundll32.exe dumps the memory of LSASS', ['T1003.001'], 'critical');
const PHISH = found('form_password', 'The mail itself asks for a password', ['T1598.003']);
const ISOLATE = recommended('isolate the host', 'ws-042', 'high');
const MAIL = 'mail sha256 e939';
const RESET = 'reset the credentials of every account with a session on the host';
const QUARANTINE = recommended('Quarantine the mail in every mailbox that holds it', MAIL, 'medium');

test('a host that was taken: preserved, isolated, credentials and sessions in one go, then released', () => {
  const { steps, data_versions } = plan({ findings: [LSASS], recommendations: [ISOLATE] });
  expect(steps.map(({ react, action }) => `${react.id} ${action}`)).toEqual([
    'RA2311 preserve memory and disk before anything is cleaned',
    'RA3102 isolate the host',
    'RA4601 end every session, ticket and token of the same accounts',
    'RA4601 reset the credentials that were reached for',
    'RA5101 release the host',
    'RA6001 write the incident report',
    'RA6002 go through what happened with those who were there',
  ]);
  expect(steps.map(({ target }) => target).slice(0, 5)).toEqual(Array(5).fill('ws-042'));
  expect(steps[2]).toMatchObject({ after: ['S2'], together_with: ['S4'] });
  expect(steps[3]).toMatchObject({ after: ['S2'], together_with: ['S3'] });
  expect(data_versions).toMatchObject({ react: '323c3274' });
});

test('a phish: who has it is listed, it is kept, withdrawn, its senders and addresses are blocked, and then it is deleted', () => {
  const { steps } = plan({
    findings: [{ ...PHISH, evidence: [evidence('html form 2', 'http://203.0.113.77/collect <a@bad.example>')] }],
    recommendations: [QUARANTINE],
    iocs: [
      { type: 'url', value: 'http://203.0.113.77/collect' },
      { type: 'ip', value: '203.0.113.77' },
      { type: 'email', value: 'a@bad.example' },
      { type: 'ip', value: '203.0.113.7' },
    ],
  });
  expect(steps.map(({ react, target }) => `${react.id} ${target}`).slice(0, 8)).toEqual([
    `RA2202 ${MAIL}`,
    `RA2203 ${MAIL}`,
    'RA2115 203.0.113.77, http://203.0.113.77/collect',
    `RA3203 ${MAIL}`,
    'RA3202 a@bad.example',
    'RA3101 203.0.113.77', // and not 203.0.113.7, which no finding names
    'RA3105 http://203.0.113.77/collect',
    `RA4201 ${MAIL}`,
  ]);
  expect(steps[7]).toMatchObject({
    action_class: 'irreversible',
    decided_by: 'person',
    decided_because: ['it cannot be taken back'],
    blast_radius: { number: null },
  });
});

test('what somebody recommends about an indicator already is not planned twice, and what is spared is not blocked', () => {
  const findings = [found('known-0', 'bad.example and cdn.example are announced', [])];
  const { steps } = plan({
    findings,
    iocs: [
      { type: 'domain', value: 'bad.example' },
      { type: 'domain', value: 'cdn.example' },
      { type: 'domain', value: 'elsewhere.example' },
    ],
    recommendations: [
      recommended('block_indicator', 'bad.example', 'medium'),
      recommended('review_indicator', 'cdn.example', 'read'),
    ],
  });
  expect(steps.map(({ action, target }) => `${action} ${target}`).slice(0, 2)).toEqual([
    'review_indicator cdn.example',
    'block_indicator bad.example',
  ]);
  expect(JSON.stringify(steps)).not.toContain('Block the domains');
});

test('a finding that names no host asks for no step on one, neither on the only asset that is known: it is said where to look', () => {
  const unnamed = { ...LSASS, title: 'LSASS was read', techniques: ['T1003.001', 'T1486', 'T1566.001'] };
  const { steps, left_out, summary } = plan({ findings: [unnamed] }, [{ name: 'dc01' }]);
  expect(steps).toEqual([]);
  expect(left_out).toContainEqual({
    what: 'isolate the host',
    why: 'it is not known which host is meant: look at events.jsonl, line 2',
  });
  expect(left_out).toContainEqual({
    what: 'Quarantine the mail in every mailbox that holds it',
    why: 'it is not known which mail is meant: look at events.jsonl, line 2',
  });
  expect(summary).toBe('No steps: what was asked for is left out, each with the reason.');
});

test('what was found on one host justifies nothing on another one', () => {
  const { steps, left_out } = plan({ findings: [{ ...LSASS, title: 'ws-0421: LSASS' }], recommendations: [ISOLATE] });
  expect(steps).toEqual([]);
  expect(left_out).toContainEqual({ what: 'isolate the host: ws-042', why: 'no finding of weight speaks for it' });
});

test('a host is contained at once: nobody waits for copies, and nothing is cleaned before both', () => {
  const { steps } = plan({ findings: [{ ...LSASS, techniques: ['T1543.003'] }], recommendations: [ISOLATE] });
  expect(steps.slice(0, 3).map(({ react, after }) => [react.id, after])).toEqual([
    ['RA2311', []],
    ['RA3102', []],
    ['RA4502', ['S1', 'S2']],
  ]);
});

test('a host in two spellings is one host: nothing on it is destroyed before it is preserved', () => {
  const made = found('account-1', 'ws-1: an account was made', ['T1136.001']);
  const { steps } = plan({
    findings: [made],
    recommendations: [recommended('isolate the host', 'WS-1', 'high'), recommended(RESET, 'ws-1', 'high')],
  });
  expect(new Set(steps.slice(0, -2).map(({ target }) => target))).toEqual(new Set(['WS-1']));
  const [preserve] = steps.filter(({ react }) => react.id === 'RA2311');
  expect(steps.find(({ react }) => react.id === 'RA4602')?.after).toContain(preserve?.step);
});

test('a step is as grave as its kind, and graver where somebody says so', () => {
  const classOf = (action_class: Recommendation['action_class']) =>
    plan({ findings: [LSASS], recommendations: [{ ...ISOLATE, action_class }] }).steps[1];
  expect(classOf('read')).toMatchObject({ action_class: 'high' });
  expect(classOf('irreversible')).toMatchObject({ action_class: 'irreversible', decided_by: 'person' });
});

test.each<[string, string, string]>([
  ['ip', '8.8.8.8', 'a public resolver that everybody asks'],
  ['ip', '10.0.0.5', 'it is an address inside: find out whose it is, and act on that host'],
  ['ip', 'fd00::5', 'it is an address inside: find out whose it is, and act on that host'],
  ...[
    ['104.21.33.7', 'Cloudflare'],
    ['2606:4700::6810:85e5', 'Cloudflare'],
    ['151.101.1.140', 'Fastly'],
    ['23.45.12.1', 'Akamai'],
    ['::ffff:99.86.1.2', 'CloudFront'],
  ].map(([address = '', network = '']): [string, string, string] => [
    'ip',
    address,
    `it is of ${network}, which answers there for millions of sites: block the name that was asked for`,
  ]),
  ['ip', '127.0.0.1', 'in a special-purpose range (loopback)'],
  ['url', 'http://10.0.0.5/login', 'it is an address inside: find out whose it is, and act on that host'],
  ['url', 'https://google.com/', 'the whole of a well-known site: the page or file that was meant is not named'],
  ['domain', 'google.com', 'the whole of a well-known site: the page or file that was meant is not named'],
  ['domain', 'bit.ly', 'everybody uses it: a part of it was meant'],
  ['domain', 'github.io', 'everybody uses it: a part of it was meant'],
  ...['login.microsoftonline.com', 'drive.google.com', 'raw.githubusercontent.com'].map(
    (host): [string, string, string] => [
      'domain',
      host,
      'it is of a well-known brand: a part of it was meant, or it is imitated',
    ],
  ),
  ['domain', 'not a domain', 'it is no domain'],
  ['email', 'service@paypal.com', 'it is of a brand that is most likely imitated'],
  ['email', 'ceo@corp.example', 'it belongs to your own corp.example'],
  ['domain', 'intranet.corp.example', 'it belongs to your own corp.example'],
  ['url', 'https://corp.example/x', 'it belongs to your own corp.example'],
  ['ip', '198.51.100.7', 'it belongs to your own 198.51.100.7'],
])('that a finding names the %s %s does not block it', (type, value, why) => {
  const own = [{ name: 'corp.example' }, { name: '198.51.100.7' }, { name: 'mail' }];
  const findings = [found('spoken', `it speaks of ${value}`, [])];
  const { steps, left_out } = plan({ findings, iocs: [{ type, value }] }, own);
  expect(steps).toEqual([]);
  expect(left_out).toEqual([{ what: `Block ${value}`, why }]);
});

test.each([
  ['domain', 'mail.evil.example'],
  ['domain', 'evil.github.io'],
  ['url', 'http://104.21.33.7/a.ps1'],
  ['ip', '45.77.1.2'],
  ['domain', 'evil.sharepoint.com'],
  ['domain', 'login.microsoftonline.com.evil.example'],
  ['domain', 'notcorp.example'],
  ['url', 'https://bit.ly/3xYz'],
  ['email', 'helpdesk@gmail.com'],
  ['email', 'a@evil.sharepointonline.com'],
  ['sha256', 'a'.repeat(64)],
])('the %s %s is blocked once a person agrees: that a finding names it proves nothing', (type, value) => {
  const findings = [found('spoken', `it speaks of ${value}`, [])];
  const { steps } = plan({ findings, iocs: [{ type, value }] }, [{ name: 'corp.example' }, { name: 'mail' }]);
  expect(steps.find(({ stage }) => stage === 'containment')).toMatchObject({
    target: value,
    decided_by: 'person',
    decided_because: ['a finding names it, and nobody vouches for its being hostile'],
  });
});

test('of two hosts each step names the one that its finding speaks of', () => {
  const { steps } = plan({
    findings: [LSASS, found('service-1', 'ws-0421: a service was made', ['T1543.003'])],
    recommendations: [ISOLATE, recommended('isolate the host', 'ws-0421', 'high')],
  });
  const of = (id: string) =>
    steps.filter(({ react }) => react.id === id).map(({ target, justified_by }) => [target, justified_by]);
  expect(of('RA4502')).toEqual([['ws-0421', ['service-1']]]);
  expect(of('RA3102')).toEqual([
    ['ws-042', ['process-1']],
    ['ws-0421', ['service-1']],
  ]);
});

test.each<[string, Partial<Asset>, string]>([
  ['critical', { criticality: 'critical' }, 'WS-042 is critical'],
  ['protected', { is_protected: true }, 'WS-042 is protected'],
  ['of a plant', { is_ot: true }, 'WS-042 steers a process'],
])('about an asset that is %s a person decides, whatever the policy allows', (_name, about, why) => {
  const { steps } = plan({ findings: [LSASS], recommendations: [ISOLATE] }, [{ name: 'WS-042', ...about }]);
  const acting = steps.filter(({ action_class }) => action_class !== 'read');
  expect(acting.length).toBeGreaterThan(3);
  for (const { decided_by, decided_because } of acting) {
    expect(decided_by).toBe('person');
    expect(decided_because).toContain(why);
  }
});

test('a plant is asked before anything stops there, by the asset and by the technique', () => {
  const { steps } = plan({ findings: [LSASS], recommendations: [ISOLATE] }, [
    { name: 'ws-042.plant.example', is_ot: true },
  ]);
  expect(steps[1]?.preconditions[0]).toMatch(/runs the process agrees/);
  const industrial = plan({ findings: [{ ...LSASS, techniques: ['T1003.001', 'T0855'] }], recommendations: [ISOLATE] });
  expect(industrial.steps[1]?.decided_because).toEqual(['it answers what happens to an industrial process']);
});

test('a domain controller is one by its name, and what depends on a host is counted with it', () => {
  const dc = plan({
    findings: [{ ...LSASS, title: 'dc01: LSASS' }],
    recommendations: [{ ...ISOLATE, target: 'dc01' }],
  });
  expect(dc.steps[1]).toMatchObject({ decided_by: 'person' });
  const { steps } = plan({ findings: [LSASS], recommendations: [ISOLATE] }, [{ name: 'ws-042', dependents: 3 }]);
  expect(steps[1]?.blast_radius.number).toBe(4);
  expect(steps[3]?.blast_radius.number).toBeNull(); // accounts: nobody listed them
});

test('two names with domains are the same only as a whole', () => {
  const at = (name: string, target: string) =>
    plan({ findings: [{ ...LSASS, title: `${target}: LSASS` }], recommendations: [{ ...ISOLATE, target }] }, [
      { name, is_protected: true },
    ]).steps[1]?.decided_by;
  expect(at('fs.corp.example', 'fs')).toBe('person');
  expect(at('fs', 'fs.corp.example')).toBe('person');
  expect(at('fs.corp.example', 'fs.other.example')).toBe('policy');
  expect(at('10.0.0.1', '10.0.0.2')).toBe('policy');
});

test.each<[string, Partial<PlannedInvestigation>]>([
  ['nothing', {}],
  ['only what is noted', { findings: [{ ...LSASS, severity: 'low' }], recommendations: [ISOLATE] }],
  ['a benign verdict', { verdict: 'benign', findings: [LSASS], recommendations: [ISOLATE] }],
])('of %s comes no step, and an honest word', (_name, given) => {
  const { steps, recommendations, summary, left_out } = plan(given);
  expect([steps, recommendations]).toEqual([[], []]);
  expect(summary).toMatch(/^No steps: /);
  expect(left_out).toHaveLength(given.recommendations?.length ?? 0);
});

test('an empty investigation says what was not looked at', () => {
  const gap = { what: 'the attachments', why: 'a password is missing' };
  expect(plan({ not_checked: [gap] }).not_checked).toEqual([
    { what: 'what happened', why: 'no findings were given' },
    gap,
  ]);
});

test('words that nobody here uses, and what no finding speaks for, are left out and said', () => {
  const strange = recommended('format the disk', 'ws-042', 'high');
  const { steps, left_out } = plan({ findings: [PHISH], recommendations: [strange, ISOLATE, QUARANTINE] });
  expect(JSON.stringify(steps)).not.toContain('ws-042');
  expect(left_out.map(({ why }) => why)).toEqual([
    'no step is known for these words: a person has to place it',
    'no finding of weight speaks for it',
  ]);
});

test('every recommendation that our specialists make has its step, and no step listens for words that none of them says', async () => {
  const accused = [
    { source: '203.0.113.9', named: [], worked: true, guessed: true, calls_out: true },
    { source: '10.0.0.1', named: [], worked: false, guessed: false, calls_out: false },
  ];
  const techniques = Array.from({ length: 10 }, (_, nth) => [`T1003.00${nth}`, `T1558.00${nth}`]).flat();
  const known = ['c2.quiet-garden.com', 'github.com'].map((value) => ({ type: 'domain', value, source: 'group' }));
  const intel = literalContent([{ name: 'intel', version: '1', data: { indicators: known } }]);
  const from_examples = await Promise.all(Object.values(agents).map(async (load) => recommendedBy(await load())));
  const said = [
    ...recommendationsOf(accused),
    ...credentialResets(['T1003', 'T1110.001', ...techniques]),
    ...from_examples.flat(),
    ...analyzeThreat({ alert_id: 'a', iocs: known }, intel).recommendations,
  ].map(({ action }) => action);
  for (const action of said) expect(kindSaid(action), action).toBeDefined();
  const heard = new Set(said.map((action) => kindSaid(action)?.id));
  expect(ACTIONS.flatMap(({ id, said: words }) => (words && !heard.has(id) ? [id] : []))).toEqual([]);
}, 60_000);

test('whatever is found: each step is justified, nothing is destroyed first, and the order does not hang on that of the input', () => {
  const severities: Severity[] = ['info', 'low', 'medium', 'high', 'critical'];
  const techniques = [
    'T1003.001',
    'T1566.002',
    'T1486',
    'T1136.001',
    'T1505.003',
    'T1547.001',
    'T1190',
    'T0855',
    'T9999',
  ];
  const hosts = ['ws-1', 'ws-2', 'dc1'];
  const finding_of = fc
    .record({
      host: fc.constantFrom(...hosts, ''),
      severity: fc.constantFrom(...severities),
      techniques: fc.subarray(techniques),
    })
    .map(({ host, severity, techniques: borne }) => found('', `${host}: something`, borne, severity));
  const findings_of = fc
    .array(finding_of, { maxLength: 8 })
    .map((all) => all.map((each, nth): Finding => ({ ...each, id: `f${nth}` })));
  const said = [
    ...hosts.flatMap((host) => ['one', 'two'].map((reason) => ({ ...ISOLATE, target: host, reason }))),
    { ...ISOLATE, target: 'WS-1', action_class: 'irreversible' as const },
    QUARANTINE,
    recommended(RESET, 'ws-1', 'high'),
  ];
  fc.assert(
    fc.property(findings_of, fc.subarray(said), (findings, recommendations) => {
      const given = { verdict: 'malicious' as const, findings, recommendations };
      const made = plan(given);
      const turned = { ...given, findings: [...findings].reverse(), recommendations: [...recommendations].reverse() };
      expect(JSON.stringify(plan(turned).steps)).toBe(JSON.stringify(made.steps));
      const weighty = new Set(findings.filter(({ severity }) => severities.indexOf(severity) >= 2).map(({ id }) => id));
      const place = new Map(made.steps.map(({ step }, nth) => [step, nth]));
      made.steps.forEach((step, nth) => {
        expect(step.justified_by.length).toBeGreaterThan(0);
        expect(step.justified_by.every((id) => weighty.has(id))).toBe(true);
        for (const earlier of step.after) expect(place.get(earlier)).toBeLessThan(nth);
        for (const partner of step.together_with) expect(Math.abs((place.get(partner) ?? -9) - nth)).toBe(1);
        const kind = ACTIONS.find(({ react, stage }) => react.id === step.react.id && stage === step.stage);
        if (kind?.destroys !== true) return;
        const before = made.steps.slice(0, nth).filter(({ target }) => target === step.target);
        expect(before.some(({ react }) => react.id === 'RA2311' || react.id === 'RA2202')).toBe(true);
      });
      const stages = made.steps.map(({ stage }) => STAGES.indexOf(stage));
      expect(stages).toEqual([...stages].sort());
    }),
    { numRuns: 200 },
  );
});

test('hostile text is data: it is neutralised wherever it is shown, and cut', () => {
  const evil = '\u001b[2J\u202eevil](javascript:x)';
  const made = plan({
    findings: [{ ...LSASS, id: `id${evil}`, title: `${neutralize(evil)}: x` }],
    recommendations: [
      { ...ISOLATE, target: evil, reason: `${evil}${'x'.repeat(100_000)}` },
      recommended(evil, evil, 'high'),
    ],
    not_checked: [{ what: evil, why: evil }],
  });
  const text = JSON.stringify(made);
  expect(made.steps.length).toBeGreaterThan(3);
  expect(text).not.toMatch(/\\u001b|\u202e|\]\(/);
  expect(text.length).toBeLessThan(40_000);
});

test('as much as it takes is planned in a moment, and what is beyond is said', () => {
  const findings = Array.from({ length: 1_000 }, (_, nth) =>
    found(`f${nth}`, `ws-${nth}: ${'a'.repeat(4_000)}`, ['T1003.001', 'T1543.003']),
  );
  const iocs = Array.from({ length: 1_000 }, (_, nth) => ({ type: 'domain', value: `ws-${nth}` }));
  const recommendations = Array.from({ length: 1_000 }, (_, nth) => ({ ...ISOLATE, target: `ws-${nth}` }));
  const made = plan({ findings, iocs, recommendations });
  expect(made.steps).toHaveLength(100);
  expect(JSON.stringify(made.left_out)).toContain('a plan has at most 100');
  expect(JSON.stringify(made.not_checked)).toContain('800 further findings');
}, 20_000);

function plan(given: Partial<PlannedInvestigation>, assets: Partial<Asset>[] = []) {
  return planResponse(
    PlannedInvestigation.parse({ verdict: 'malicious', ...given }),
    assets.map((asset) => Asset.parse(asset)),
  );
}

/** What the examples of its analyses end in. */
async function recommendedBy(agent: Agent): Promise<Recommendation[]> {
  const { call } = callerOf(agent);
  const asked = agent.skills.flatMap(({ id, effect, examples = [] }) =>
    effect === 'read' && id !== 'plan_response' ? examples.map((example) => call(id, example)) : [],
  );
  const answers = await Promise.all(asked);
  return answers.flatMap((answer) => AnalysisResult.safeParse(answer).data?.recommendations ?? []);
}

function found(id: string, title: string, techniques: string[], severity: Severity = 'high'): Finding {
  return { id, title, severity, techniques, evidence: [evidence('line 2', 'x')] };
}

function evidence(locator: string, excerpt: string) {
  return { source: 'events.jsonl', locator, excerpt };
}

function recommended(action: string, target: string, action_class: Recommendation['action_class']): Recommendation {
  return { action, action_class, target, reason: 'because' };
}
