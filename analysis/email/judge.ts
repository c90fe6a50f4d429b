/** From a read mail to the grounds of a verdict: every sign with the place it stands in, weighed by one table. */
import { isIP } from 'node:net';
import type { Checked, Evidence, Ioc, NotChecked, Recommendation } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import type { Grounds, WeighedFinding } from '../verdict/index.ts';
import { attachmentSigns } from './attachments.ts';
import type { Authentication } from './authentication.ts';
import { STARTER_BRANDS, type Brand } from './brands.ts';
import type { ParsedMail } from './facts.ts';
import { FREE_HOSTING, isAmong, REDIRECTORS, SHORTENERS } from './hosts.ts';
import { senderSigns } from './sender.ts';
import { CERTAIN_FROM, FLAG_FROM, SIGNALS, type Signal, type SignalId } from './signals.ts';
import { targetSigns } from './targets.ts';
import { wordingSigns } from './wording.ts';

/** One observation; `host` and `sha256` name the indicator it rests on, if it rests on one. */
export interface Sign {
  id: SignalId;
  locator: string;
  text: string;
  detail?: string;
  host?: string;
  sha256?: string;
}

/** What the judge may know beside the mail. */
export interface Surroundings {
  /** Mounted brands; our short list when absent. */
  brands?: { list: readonly Brand[]; version: string } | undefined;
  /** Our own check, when one was made. */
  authentication?: Authentication | undefined;
}

/** The grounds for `conclude`. Deterministic; never looks at dates, header age or a mail program's own headers. */
export function judgeEmail(mail: ParsedMail, around: Surroundings = {}): Grounds {
  const signs = signsOf(mail, around);
  const findings = toFindings(mail, signs);
  const joint = jointWeight(findings);
  const flagged =
    joint >= FLAG_FROM || findings.some((finding) => finding.severity !== 'info' && finding.weight >= FLAG_FROM);
  const resting = flagged ? signs : [];
  if (joint >= FLAG_FROM) findings.push(together(findings, joint));
  return {
    subject: 'The mail',
    findings: flagged ? findings : findings.map((finding) => ({ ...finding, severity: 'info' })),
    techniques: flagged ? techniquesOf(mail, signs) : [],
    iocs: iocsOf(mail, resting),
    checked: [checkedOf(mail)],
    not_checked: [
      ...mail.unread.map((gap) => ({ ...gap, mandatory: true })),
      ...NEVER_CHECKED,
      ...authenticationGap(around),
    ],
    recommendations: flagged ? recommendationsOf(mail, resting) : [],
    data_versions: { brands: around.brands?.version ?? 'starter' },
  };
}

const signsOf = (mail: ParsedMail, around: Surroundings): Sign[] => {
  const brands = around.brands?.list ?? STARTER_BRANDS;
  return [
    ...senderSigns(mail, brands),
    ...targetSigns(mail, brands),
    ...wordingSigns(mail, brands),
    ...attachmentSigns(mail),
    ...reportedSigns(mail),
    ...checkedSigns(around.authentication),
  ];
};

function reportedSigns(mail: ParsedMail): Sign[] {
  const { spf, dkim, dmarc } = mail.facts.reported_authentication;
  const where = { locator: 'header Authentication-Results', text: `spf=${spf} dkim=${dkim} dmarc=${dmarc}` };
  if (spf === 'fail' || dmarc === 'fail') return [{ id: 'reported_failure', ...where }];
  const doubtful = spf === 'softfail' || dkim === 'fail' || (spf === 'none' && dkim === 'none');
  return doubtful ? [{ id: 'reported_doubt', ...where }] : [];
}

function checkedSigns(authentication: Authentication | undefined): Sign[] {
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
      evidence: same.slice(0, EVIDENCE_MAX).map(citing(mail)),
    };
  });
}

function together(findings: readonly WeighedFinding[], joint: number): WeighedFinding {
  const strongest = [...findings].sort((left, right) => right.weight - left.weight || (left.id < right.id ? -1 : 1));
  const bases = new Set(findings.map((finding) => finding.basis)).size;
  return {
    id: 'signs_together',
    title: `${bases} independent signs point the same way (joint weight ${joint.toFixed(2)}, flagged from ${FLAG_FROM})`,
    severity: joint >= CERTAIN_FROM ? 'high' : 'medium',
    rule: 'signs_together',
    weight: 0,
    basis: 'signs_together',
    evidence: strongest.flatMap((finding) => finding.evidence.slice(0, 1)).slice(0, EVIDENCE_MAX),
  };
}

function jointWeight(findings: readonly WeighedFinding[]): number {
  const best = new Map<string, number>();
  for (const { basis, weight } of findings) best.set(basis, Math.max(weight, best.get(basis) ?? 0));
  const sorted = [...best.values()].sort((left, right) => right - left);
  return 1 - sorted.reduce((product, weight) => product * (1 - weight), 1);
}

function techniquesOf(mail: ParsedMail, signs: readonly Sign[]): { id: string; evidence: Evidence[] }[] {
  const supported = signs.flatMap((sign) =>
    [...(SIGNALS[sign.id].techniques ?? [])].map((id) => ({ id, evidence: [citing(mail)(sign)] })),
  );
  const link = signs.find((sign) => sign.host !== undefined);
  const file = signs.find((sign) => sign.sha256 !== undefined);
  if (link) supported.push({ id: 'T1566.002', evidence: [citing(mail)(link)] });
  if (file) supported.push({ id: 'T1566.001', evidence: [citing(mail)(file)] });
  const [first] = signs;
  if (!link && !file && first) supported.push({ id: 'T1566', evidence: [citing(mail)(first)] });
  return supported;
}

/** The indicators that signs rest on: not every link of a newsletter, and never a big host that merely carries one. */
function iocsOf(mail: ParsedMail, signs: readonly Sign[]): Ioc[] {
  const iocs: Ioc[] = [];
  for (const sign of signs) {
    const { host } = sign;
    if (host !== undefined) {
      iocs.push({ type: 'url', value: sign.text.slice(0, IOC_CHARS_MAX) });
      const shared = [SHORTENERS, REDIRECTORS].some((set) => isAmong(host, set)) || FREE_HOSTING.has(host);
      if (!shared && host !== '')
        iocs.push({ type: isIP(host.replace(/^\[|\]$/g, '')) > 0 ? 'ip' : 'domain', value: host.slice(0, 253) });
    }
    if (sign.sha256 !== undefined) iocs.push({ type: 'sha256', value: sign.sha256 });
  }
  const rests = (prefix: string) => signs.some((sign) => sign.id.startsWith(prefix));
  const sender = mail.from.findLast((mailbox) => mailbox.domain !== '');
  if (rests('sender_') && sender) iocs.push({ type: 'email', value: sender.address.slice(0, 320) });
  const reply = mail.reply_to.find((mailbox) => mailbox.domain !== '');
  if (rests('reply_') && reply) iocs.push({ type: 'email', value: reply.address.slice(0, 320) });
  return iocs.slice(0, IOCS_MAX);
}

function recommendationsOf(mail: ParsedMail, signs: readonly Sign[]): Recommendation[] {
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
  if (signs.some((sign) => sign.host !== undefined)) {
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

const authenticationGap = (around: Surroundings): NotChecked[] =>
  around.authentication?.checked
    ? []
    : [
        {
          what: 'SPF, DKIM, DMARC and ARC',
          why: 'no DNS answers were given; the receiving server’s report is cited as its own',
        },
      ];

const citing = (mail: ParsedMail) => (sign: Sign) =>
  evidence({ source: mail.name, locator: sign.locator, text: sign.text || '(empty)' });

const NEVER_CHECKED: readonly NotChecked[] = [
  { what: 'the pages behind the links', why: 'links are never opened' },
  { what: 'the age and owner of the domains', why: 'no registration data is mounted' },
];
const EVIDENCE_MAX = 5;
const DETAILS_MAX = 3;
const IOCS_MAX = 100;
const IOC_CHARS_MAX = 4_096;
