/** From a read mail to the grounds of a verdict: every sign with the place it stands in, weighed by one table. */
import type { Checked, Evidence, NotChecked, Recommendation } from '../../protocol/index.ts';
import { type Brand, STARTER_BRANDS } from '../brands/index.ts';
import { evidence } from '../evidence/index.ts';
import type { Grounds, WeighedFinding } from '../verdict/index.ts';
import { attachedGrounds } from './attached-mails.ts';
import { openedSigns } from './attached-signs.ts';
import { attachmentSigns } from './attachments.ts';
import type { Authentication } from './authentication.ts';
import type { ParsedMail } from './facts.ts';
import { headerOf } from './headers.ts';
import { indicatorsOf } from './indicators.ts';
import { moneySigns } from './money.ts';
import { ownDomainSigns } from './own-domain.ts';
import { senderSigns } from './sender.ts';
import { CERTAIN_FROM, FLAG_FROM, SIGNALS, type Sign, type Signal, type SignalId } from './signals.ts';
import { targetSigns } from './targets.ts';
import { trustOf } from './trust.ts';
import { wordingSigns } from './wording.ts';

/** What the judge may know beside the mail. */
export interface Surroundings {
  /** Mounted brands; our short list when absent. */
  brands?: { list: readonly Brand[]; version: string } | undefined;
  /** Our own check, when one was made. */
  authentication?: Authentication | undefined;
}

/** The grounds for `conclude`. Deterministic; never looks at dates, header age or a mail program's own headers. */
export function judgeEmail(mail: ParsedMail, around: Surroundings = {}): Grounds {
  const brands = around.brands?.list ?? STARTER_BRANDS;
  const signs = signsOf(mail, brands, around.authentication);
  const findings = toFindings(mail, signs);
  const joint = jointWeight(findings);
  const flagged =
    joint >= FLAG_FROM || findings.some((finding) => finding.severity !== 'info' && finding.weight >= FLAG_FROM);
  if (joint >= FLAG_FROM) findings.push(together(findings, joint));
  const attached = attachedGrounds(mail, (inner) => judgeEmail(inner, { brands: around.brands }));
  // What is not opened matters to a mail that looks clean; to a flagged one it adds nothing that could excuse it.
  const is_open = !flagged && attached.findings.length === 0;
  return {
    subject: 'The mail',
    // Signs that do not flag together are told, and weigh nothing: the confidence of `benign` is not one in badness.
    findings: [
      ...(flagged ? findings : findings.map((finding) => ({ ...finding, severity: 'info' as const, weight: 0 }))),
      ...attached.findings,
    ],
    techniques: [...(flagged ? techniquesOf(mail, signs) : []), ...attached.techniques],
    iocs: [...(flagged ? indicatorsOf(mail, signs, brands) : []), ...attached.iocs],
    checked: [checkedOf(mail)],
    not_checked: [
      ...mail.unread.map((gap) => ({ ...gap, mandatory: true })),
      ...mail.unopened.map((gap) => ({ ...gap, mandatory: is_open })),
      ...attached.not_checked.map((gap) => ({ ...gap, mandatory: is_open })),
      ...NEVER_CHECKED,
      ...authenticationGap(around, flagged ? [] : doubtsOf(mail, signs)),
    ],
    recommendations: flagged || attached.findings.length > 0 ? recommendationsOf(mail) : [],
    data_versions: { brands: around.brands?.version ?? 'starter' },
  };
}

function signsOf(mail: ParsedMail, brands: readonly Brand[], authentication: Authentication | undefined): Sign[] {
  const reported = reportedSigns(mail);
  const checked = checkedSigns(authentication);
  const isFailed = [...reported, ...checked].some(({ id }) => FAILURES.has(id));
  const trust = trustOf(mail, authentication, isFailed);
  return [
    ...senderSigns(mail, brands, trust),
    ...targetSigns(mail, { brands, trust }),
    ...wordingSigns(mail, brands),
    ...moneySigns(mail),
    ...attachmentSigns(mail),
    ...openedSigns(mail),
    ...(authentication?.dmarc === 'pass' ? [] : ownDomainSigns(mail)),
    ...reported,
    ...checked,
  ];
}

/** What the receiving server wrote: somebody else's word, cited as such. */
export function reportedSigns(mail: ParsedMail): Sign[] {
  const { spf, dkim, dmarc } = mail.facts.reported_authentication;
  const where = {
    locator: 'header Authentication-Results',
    text: headerOf(mail.headers, 'authentication-results') ?? '',
  };
  if (spf === 'fail' || dmarc === 'fail') return [{ id: 'reported_failure', ...where }];
  const doubtful = spf === 'softfail' || dkim === 'fail' || (spf === 'none' && dkim === 'none');
  return doubtful ? [{ id: 'reported_doubt', ...where }] : [];
}

/** What the own check says. */
export function checkedSigns(authentication: Authentication | undefined): Sign[] {
  if (!authentication || (authentication.spf !== 'fail' && authentication.dmarc !== 'fail')) return [];
  const text = `spf=${authentication.spf} dkim=${authentication.dkim} dmarc=${authentication.dmarc}`;
  return [{ id: 'checked_failure', locator: 'own check of SPF, DKIM and DMARC', text }];
}

function toFindings(mail: ParsedMail, signs: readonly Sign[]): WeighedFinding[] {
  const byId = new Map<SignalId, Sign[]>();
  for (const sign of signs) byId.set(sign.id, [...(byId.get(sign.id) ?? []), sign]);
  return [...byId].map(([id, same]) => {
    const { title, severity, weight, basis }: Signal = SIGNALS[id];
    const details = [...new Set(same.flatMap((sign) => sign.detail ?? []))].slice(0, DETAILS_MAX);
    const full = details.length === 0 ? title : `${title}: ${details.join('; ')}`;
    return {
      id,
      title: full,
      severity,
      rule: id,
      weight,
      basis,
      evidence: distinct(same.map(citing(mail))).slice(0, EVIDENCE_MAX),
    };
  });
}

function together(findings: readonly WeighedFinding[], joint: number): WeighedFinding {
  const strongest = [...findings].sort((left, right) => right.weight - left.weight || (left.id < right.id ? -1 : 1));
  const bases = new Set(findings.map((finding) => finding.basis)).size;
  const signs = bases === 1 ? 'One sign is enough' : `${bases} independent signs point the same way`;
  return {
    id: 'signs_together',
    title: `${signs} (joint weight ${joint.toFixed(2)}, flagged from ${FLAG_FROM})`,
    severity: joint >= CERTAIN_FROM ? 'high' : 'medium',
    rule: 'signs_together',
    weight: 0,
    basis: 'signs_together',
    evidence: distinct(strongest.flatMap((finding) => finding.evidence.slice(0, 1))).slice(0, EVIDENCE_MAX),
  };
}

function jointWeight(findings: readonly WeighedFinding[]): number {
  const best = new Map<string, number>();
  for (const { basis, weight } of findings) best.set(basis, Math.max(weight, best.get(basis) ?? 0));
  const sorted = [...best.values()].sort((left, right) => right - left);
  return 1 - sorted.reduce((product, weight) => product * (1 - weight), 1);
}

function techniquesOf(mail: ParsedMail, signs: readonly Sign[]): { id: string; evidence: Evidence[] }[] {
  const supporting = new Map<string, Sign[]>();
  const support = (id: string, sign: Sign) => supporting.set(id, [...(supporting.get(id) ?? []), sign]);
  for (const sign of signs) for (const id of SIGNALS[sign.id].techniques ?? []) support(id, sign);
  const link = signs.find((sign) => sign.host !== undefined);
  const file = signs.find((sign) => sign.sha256 !== undefined);
  if (link) support('T1566.002', link);
  if (file) support('T1566.001', file);
  const [first] = signs;
  if (!link && !file && first) support('T1566', first);
  return [...supporting].map(([id, same]) => ({ id, evidence: distinct(same.map(citing(mail))) }));
}

function recommendationsOf(mail: ParsedMail): Recommendation[] {
  const steps: Recommendation[] = [
    {
      action: 'Search all mailboxes for the same sender, subject and links',
      action_class: 'read',
      target: `mail sha256 ${mail.facts.sha256}`,
      reason: 'A campaign rarely writes to one person',
    },
    {
      action: 'Quarantine the mail in every mailbox that holds it',
      action_class: 'medium',
      target: `mail sha256 ${mail.facts.sha256}`,
      reason: 'Readers can still follow it',
    },
  ];
  if (mail.links.length > 0) {
    steps.push({
      action: 'Search proxy and DNS logs for visits to the linked hosts',
      action_class: 'read',
      target: 'the url and domain indicators of this result',
      reason: 'Shows who followed a link before the mail was withdrawn',
    });
  }
  return steps;
}

const checkedOf = (mail: ParsedMail): Checked => ({
  question: 'Does the mail imitate, lure or misdirect its reader?',
  corpus: { sha256: mail.facts.sha256, items: 1 + mail.unread.length, items_read: 1 },
});

/** What speaks against the sender although it does not flag the mail: only an own check could settle it. */
function doubtsOf(mail: ParsedMail, signs: readonly Sign[]): string[] {
  const { spf, dmarc } = mail.facts.reported_authentication;
  const stated = headerOf(mail.headers, 'authentication-results') ?? '';
  const is_failed = spf === 'softfail' || spf === 'fail' || dmarc === 'fail' || /\bcompauth=fail\b/i.test(stated);
  return [
    ...(signs.some(({ id }) => id === 'reply_freemail') ? ['replies go to a free mailbox'] : []),
    ...(is_failed ? ['the receiving server reports a sender check that did not pass'] : []),
  ];
}

/** Mandatory where something speaks against the sender: `benign` would be a guess then. */
function authenticationGap(around: Surroundings, doubts: readonly string[]): (NotChecked & { mandatory?: boolean })[] {
  if (around.authentication?.checked) return [];
  const why = 'no DNS answers were given; the receiving server’s report is cited as its own';
  if (doubts.length === 0) return [{ what: CHECKS, why }];
  return [{ what: CHECKS, why: `${why}; it matters here, as ${doubts.join(' and ')}`, mandatory: true }];
}

const citing = (mail: ParsedMail) => (sign: Sign) =>
  evidence({ source: mail.name, locator: sign.locator, text: sign.text || '(empty)' });

/** Two signs may stand in one place; the place is cited once. */
const distinct = (cited: readonly Evidence[]): Evidence[] => [
  ...new Map(cited.map((row) => [JSON.stringify([row.source, row.locator, row.excerpt]), row])).values(),
];

const CHECKS = 'SPF, DKIM, DMARC and ARC';
const FAILURES = new Set<SignalId>(['reported_failure', 'checked_failure']);
const NEVER_CHECKED: readonly NotChecked[] = [
  { what: 'the pages behind the links', why: 'links are never opened' },
  { what: 'the age and owner of the domains', why: 'no registration data is mounted' },
];
const EVIDENCE_MAX = 5;
const DETAILS_MAX = 3;
