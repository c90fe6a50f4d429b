/** A verdict about hosts: suspicions of processes, events and drivers, weighed, and a score for each host with its factors. */
import { z } from 'zod';
import {
  severityRank,
  type AnalysisResult,
  type Checked,
  type Ioc,
  type NotChecked,
  type Recommendation,
  type Severity,
} from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { normalizeEvent } from '../events/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { blockAtEdge, indicatorsInCommands, isPublicAddress } from '../ioc/index.ts';
import { compareText } from '../order/index.ts';
import { conclude, WEIGHT, type Gap, type WeighedFinding } from '../verdict/index.ts';
import { parentOf, type Classification } from './classify.ts';
import { credentialResets } from './credential-resets.ts';
import { textsIn } from './decode.ts';
import { isEverydayAct, severityOf } from './gravity.ts';
import { createHostWatch, type HostWatch } from './host-watch.ts';
import { fileOf, type ProcessNode } from './process-tree.ts';
import { scriptSuspicions } from './script-blocks.ts';
import { createSlices } from './slices.ts';
import { processSuspicions, type Pace, type Suspicion } from './suspicions.ts';

/** Why a host is rated as it is. */
export const Factor = z.object({
  name: z.string(),
  weight: z.number().int().min(0).max(100).describe('points that it adds'),
  description: z.string(),
  indicator: z.string().describe('the finding it rests on'),
});

/** One host, 0 for nothing found to 100. */
export const HostScore = z.object({
  host: z.string(),
  events: z.number().int(),
  score: z.number().int().min(0).max(100),
  factors: z.array(Factor),
});
export type HostScore = z.infer<typeof HostScore>;

/** What the reading before it says about the input. */
export interface Seen {
  source: string;
  checked: Checked;
  not_checked: readonly Gap[];
  data_versions: Readonly<Record<string, string>>;
}

/** The verdict with all suspicions it rests on. Processes are judged in slices, that a link beats on meanwhile. */
export async function assessHosts(
  watch: HostWatch,
  seen: Seen,
  pace: Pace = {},
): Promise<{ result: AnalysisResult; hosts: HostScore[]; suspicions: Suspicion[] }> {
  const scripts = await scriptSuspicions(watch.scripts(), { source: seen.source, lolbas: watch.lolbas, pace });
  const suspicions = [
    ...(await processSuspicions(watch, seen.source, pace)),
    ...scripts.suspicions,
    ...eventSuspicions(watch, seen.source),
    ...driverSuspicions(watch, seen.source),
  ];
  const listed = suspicions.slice(0, FINDINGS_MAX);
  const control = await plantedIntruder();
  const kinds = watch.unjudged();
  const spoken_about = watch.spoken_about();
  const unjudged = kinds.reduce((sum, { events }) => sum + events, 0);
  const result = conclude({
    subject: subjectOf(watch, seen.source),
    findings: listed.map(toFinding),
    techniques: listed.flatMap((suspicion) =>
      severityRank(suspicion.severity) < severityRank('low')
        ? []
        : techniquesOf(suspicion).flatMap((id) => {
            const known = techniqueOf(id) ?? techniqueOf(parentOf(id));
            return known ? [{ id: known.id, evidence: suspicion.evidence }] : [];
          }),
    ),
    iocs: await iocsOf(listed, watch, pace),
    checked: [
      {
        ...seen.checked,
        corpus: {
          ...seen.checked.corpus,
          items_read: Math.max(0, seen.checked.corpus.items_read - watch.judged_in_part() - scripts.in_part),
          ...(unjudged > 0 && { items_judged: Math.min(spoken_about, seen.checked.corpus.items_read) }),
        },
        ...(control !== undefined && { control }),
      },
    ],
    not_checked: [
      ...seen.not_checked,
      ...(control === undefined
        ? [{ what: 'the events as a whole', why: 'a planted one was not recognised', mandatory: true }]
        : []),
      ...(spoken_about === 0
        ? [
            {
              what: 'what happened on the hosts',
              why: `no event is of a kind that is judged here${kinds.length > 0 ? `: ${namesOf(kinds)}` : ''}`,
              mandatory: true,
            },
          ]
        : []),
      ...(unjudged > 0 && spoken_about > 0
        ? [
            {
              what: `${unjudged} event${unjudged === 1 ? '' : 's'}`,
              why: `no rule here speaks about their kind: ${namesOf(kinds)}`,
              is_unjudged: true,
            },
          ]
        : []),
      ...watch.missing(),
      ...watch.left().map((gap) => ({ ...gap, mandatory: true })),
      ...(scripts.in_part > 0
        ? [
            {
              what: `${scripts.in_part} blocks of PowerShell in part`,
              why: 'they are too long or hide too many layers',
              mandatory: true,
            },
          ]
        : []),
      ...(suspicions.length > listed.length
        ? [
            {
              what: `${suspicions.length - listed.length} lesser findings`,
              why: `${FINDINGS_MAX} are listed, gravest first`,
            },
          ]
        : []),
      ...NEVER_CHECKED,
    ],
    recommendations: recommendationsOf(listed),
    data_versions: seen.data_versions,
  });
  return { result, hosts: scoresOf(watch, listed), suspicions: listed };
}

/** The kinds of events nothing is said about, the most frequent first. */
function namesOf(kinds: ReturnType<HostWatch['unjudged']>): string {
  const shown = kinds
    .slice(0, KINDS_SHOWN_MAX)
    .map(({ kind, events }) => `${neutralize(kind, HOST_CHARS_MAX)} (${events})`);
  return `${shown.join(', ')}${kinds.length > shown.length ? ' and others' : ''}`;
}

/** The positive control: a known-bad start of a process, judged by the same code. Undefined when it was not recognised. */
async function plantedIntruder(): Promise<string | undefined> {
  const watch = createHostWatch();
  const event = normalizeEvent(PLANTED, 'planted');
  if (event) watch.note(event);
  const found = (await processSuspicions(watch, 'planted')).find(({ rule }) => rule.startsWith('command/'));
  return found && `a planted start of a process was recognised by ${found.rule}`;
}

/** Statements of single events. */
function eventSuspicions(watch: HostWatch, source: string): Suspicion[] {
  return watch
    .signals()
    .sort(
      (left, right) =>
        severityRank(right.severity) - severityRank(left.severity) ||
        compareText(left.rule, right.rule) ||
        left.first_at - right.first_at,
    )
    .map(({ rule, title, technique, also_technique, severity, host, text, locator, count, subject, also }, index) => ({
      id: `event-${index + 1}`,
      host,
      rule,
      title: neutralize(count > 1 ? `${title} (${count} times)` : title, TITLE_CHARS_MAX),
      severity,
      technique,
      ...(also_technique !== undefined && { also_technique }),
      basis: `${host} ${rule} ${subject}`,
      count,
      ...(rule.startsWith('login/') && isPublicAddress(subject) && { attacker: subject }),
      evidence: [{ locator, text }, ...also].map((cited) =>
        evidence({ source, locator: cited.locator, text: cited.text }),
      ),
      nodes: [],
    }));
}

function driverSuspicions(watch: HostWatch, source: string): Suspicion[] {
  return watch.drivers().map(({ host, driver, hash, path, locator }, index) => ({
    id: `driver-${index + 1}`,
    host,
    rule: `loldrivers/${driver.entry}`,
    title: neutralize(
      `a driver known as ${driver.category} was loaded: ${fileOf(path) || driver.name}`,
      TITLE_CHARS_MAX,
    ),
    severity: driver.category === 'malicious' ? 'critical' : 'high',
    technique: driver.category === 'malicious' ? 'T1014' : 'T1068',
    basis: `${host} driver ${driver.entry}`,
    count: 1,
    evidence: [evidence({ source, locator, text: `${path} ${hash}` })],
    nodes: [],
  }));
}

const toFinding = ({ id, rule, title, severity, basis, host, evidence: cited }: Suspicion): WeighedFinding => ({
  id,
  title: host === '' ? title : `${neutralize(host, HOST_CHARS_MAX)}: ${title}`,
  severity,
  rule,
  weight: severity === 'info' ? 0 : rule.startsWith('loldrivers/') ? WEIGHT.exact : WEIGHT[severity],
  basis,
  evidence: cited,
});

/** The gravest suspicion of each tactic adds its points; together they end at 100. */
function scoresOf(watch: HostWatch, suspicions: readonly Suspicion[]): HostScore[] {
  return watch
    .hosts()
    .map(({ host, events }) => {
      const best = new Map<string, Suspicion>();
      for (const suspicion of suspicions.filter((each) => each.host === host)) {
        const name = factorOf(suspicion);
        const known = best.get(name);
        if (
          POINTS[suspicion.severity] > 0 &&
          (!known || severityRank(suspicion.severity) > severityRank(known.severity))
        )
          best.set(name, suspicion);
      }
      const factors = [...best]
        .map(([name, { severity, title, id }]) => ({
          name,
          weight: POINTS[severity],
          description: title,
          indicator: id,
        }))
        .sort((left, right) => right.weight - left.weight || compareText(left.name, right.name));
      return {
        host: neutralize(host, HOST_CHARS_MAX),
        events,
        score: Math.min(
          100,
          factors.reduce((sum, { weight }) => sum + weight, 0),
        ),
        factors,
      };
    })
    .sort((left, right) => right.score - left.score || compareText(left.host, right.host))
    .slice(0, HOSTS_LISTED_MAX);
}

const techniquesOf = ({ technique, also_technique }: Suspicion): string[] =>
  [technique, also_technique].filter((id) => id !== undefined);

const factorOf = ({ technique, rule }: Suspicion): string => {
  if (rule.startsWith('loldrivers/')) return 'driver';
  if (rule.startsWith('network/')) return 'connections';
  const known = technique === undefined ? undefined : (techniqueOf(technique) ?? techniqueOf(parentOf(technique)));
  return known?.tactics[0] ?? 'other';
};

/** Addresses that suspicious processes spoke to, or whose commands do, or that guessed, and the programs themselves. */
async function iocsOf(suspicions: readonly Suspicion[], watch: HostWatch, { signal }: Pace): Promise<Ioc[]> {
  const found = new Map<string, Ioc>();
  const keep = ({ type, value }: Ioc) => {
    if (found.size < IOCS_MAX) found.set(`${type} ${value}`, { type, value });
  };
  const grave = suspicions.filter(({ severity }) => severityRank(severity) >= severityRank('medium'));
  const slices = createSlices(signal);
  const read = new Set<string>();
  for (const { rule, nodes, attacker } of grave) {
    if (attacker !== undefined) keep({ type: 'ip', value: attacker });
    for (const node of nodes) {
      if (found.size >= IOCS_MAX) return [...found.values()];
      if (rule.startsWith('place/') && node.sha256 !== '') keep({ type: 'sha256', value: node.sha256 });
      if (rule.startsWith('network/')) peersOf(node).forEach(keep);
      if (!rule.startsWith('command/') || read.has(node.command_line)) continue;
      read.add(node.command_line);
      await slices.spend(node.command_line.length);
      for (const text of textsOfWeight(watch.classify(node))) {
        await slices.spend(text.length);
        indicatorsInCommands([text]).forEach(keep);
      }
    }
  }
  return [...found.values()];
}

/** The texts of a command that does what is grave; none where administrators do all of it as well. */
const textsOfWeight = ({ signs, decoded }: Classification): string[] =>
  signs.some((sign) => !isEverydayAct(sign) && severityRank(severityOf(sign)) >= severityRank('medium'))
    ? textsIn(decoded)
    : [];

/** The addresses that a process spoke to, without those that never leave the host or the link. */
const peersOf = ({ connections }: ProcessNode): Ioc[] =>
  [...connections]
    .map(({ address }) => address.slice(0, address.lastIndexOf(':')))
    .filter((ip) => ip !== '' && !NEAR.test(ip))
    .map((value) => ({ type: 'ip', value }));

function recommendationsOf(suspicions: readonly Suspicion[]): Recommendation[] {
  const grave = suspicions.filter(({ severity }) => severityRank(severity) >= severityRank('high'));
  return [...blocksOf(suspicions), ...forHosts(grave)];
}

/** Who guessed passwords from the internet is kept out, before anything is done to the host that was guessed at. */
function blocksOf(suspicions: readonly Suspicion[]): Recommendation[] {
  const guessing = suspicions.filter(({ severity }) => severityRank(severity) >= severityRank('medium'));
  const attackers = new Set(guessing.map(({ attacker }) => attacker).filter((address) => address !== undefined));
  return blockAtEdge([...attackers], 'They guess passwords here');
}

function forHosts(grave: readonly Suspicion[]): Recommendation[] {
  const hosts = [...new Set(grave.map(({ host }) => host))]
    .filter((host) => host !== '')
    .slice(0, RECOMMENDED_HOSTS_MAX);
  return hosts.flatMap((host): Recommendation[] => {
    const own = grave.filter((each) => each.host === host);
    const target = neutralize(host, HOST_CHARS_MAX);
    const reason = [...new Set(own.map(({ title }) => title))].slice(0, REASONS_SHOWN_MAX).join('; ');
    const resets = credentialResets(own.flatMap(techniquesOf));
    return [
      {
        action: 'preserve memory and disk before anything is cleaned',
        action_class: 'low',
        target,
        reason: 'what shows how it was done is lost with the cleaning',
      },
      ...(own.every(({ rule }) => ABOUT_ACCOUNTS.test(rule))
        ? []
        : [{ action: 'isolate the host', action_class: 'high' as const, target, reason }]),
      ...resets.map((reset) => ({ ...reset, action_class: 'high' as const, target })),
    ];
  });
}

function subjectOf(watch: HostWatch, source: string): string {
  const hosts = watch.hosts().filter(({ host }) => host !== '');
  const names = hosts
    .slice(0, HOSTS_SHOWN_MAX)
    .map(({ host }) => neutralize(host, HOST_CHARS_MAX))
    .join(', ');
  return `${neutralize(source, SOURCE_CHARS_MAX)}${hosts.length === 0 ? '' : ` (${names}${hosts.length > HOSTS_SHOWN_MAX ? ` and ${hosts.length - HOSTS_SHOWN_MAX} more hosts` : ''})`}`;
}

const PLANTED = {
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Hostname: 'planted',
  ProcessGuid: '{planted}',
  Image: 'C:\\Windows\\System32\\vssadmin.exe',
  CommandLine: 'vssadmin.exe delete shadows /all /quiet',
};
const POINTS: Readonly<Record<Severity, number>> = { critical: 40, high: 25, medium: 12, low: 4, info: 0 };
const NEVER_CHECKED: readonly NotChecked[] = [
  { what: 'files, memory and what the host did not log', why: 'only the events that were handed in are read' },
  {
    what: 'discovery over the network, such as sessions, shares, groups and accounts that are listed from afar',
    why: 'only Sigma rules judge it, which the threat hunter runs; commands that ask the same weigh little by themselves',
  },
];
/** The host that tells of it is not the one it came from. */
const ABOUT_ACCOUNTS = /^(?:login|ticket|directory|cluster)\//;
const FINDINGS_MAX = 400;
const HOSTS_LISTED_MAX = 100;
const RECOMMENDED_HOSTS_MAX = 20;
const REASONS_SHOWN_MAX = 3;
const NEAR = /^(?:127\.|::1$|fe80|224\.|239\.|255\.|0\.)/i;
const IOCS_MAX = 200;
const KINDS_SHOWN_MAX = 5;
const TITLE_CHARS_MAX = 300;
const HOST_CHARS_MAX = 128;
const HOSTS_SHOWN_MAX = 3;
const SOURCE_CHARS_MAX = 80;
