/** What artefacts give reason to suspect: commands that intruders use, programs where none belong, links that start shells. */
import {
  SEVERITY_ORDER,
  severityRank,
  type AnalysisResult,
  type Ioc,
  type Recommendation,
} from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { accusingOf, classifyCommand, isEverydayAct, parentOf, severityOf } from '../endpoint/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { blockAtEdge, indicatorsInCommands, isPublicAddress } from '../ioc/index.ts';
import { conclude, WEIGHT, type Gap, type WeighedFinding } from '../verdict/index.ts';
import { judgeRequest, leadingClass } from '../web/index.ts';
import { isRunUnseen } from './fetched.ts';
import type { HistoryEntry } from './history.ts';
import { itemsOf, unreadOf, type Artifact, type ArtifactReading } from './artifact.ts';
import { commandIn, echoesIn, guessingIn, type LoggedRecord } from './logged.ts';
import { loginIn } from './logins.ts';
import type { Left } from './losses.ts';
import type { TextLog } from './text-log.ts';
import { plantedLike } from './planted.ts';
import { trafficIn } from './traffic.ts';
import { judgeTyped } from './typed.ts';

/** The verdict over one artefact. */
export function judgeArtifact(reading: ArtifactReading): AnalysisResult {
  const { name, sha256, damage, artifact } = reading;
  const left = [...reading.left];
  const traffic = isW3c(artifact) ? trafficIn(name, artifact.log, left) : undefined;
  const all = traffic ? requestSuspicions(name, traffic.anonymous, left) : suspicionsOf(reading, left);
  const suspicions = all.length <= FINDINGS_MAX ? all : all.sort(byGravity).slice(0, FINDINGS_MAX);
  const items = itemsOf(artifact);
  const control = controlOf(reading);
  const named = namedBy(suspicions);
  const items_read = artifact.kind === 'unsupported' ? 0 : Math.max(0, items - unreadOf(left));
  return conclude({
    subject: `The artefact ${neutralize(name, NAME_CHARS_MAX)}`,
    findings: [
      ...(traffic?.findings ?? []),
      ...suspicions.map(
        ({ technique: _technique, also_technique: _also, iocs: _iocs, accounts: _accounts, ...finding }) => finding,
      ),
      ...(damage.length === 0 ? [] : [damageFinding(reading)]),
    ],
    techniques: [
      ...(traffic?.techniques ?? []),
      ...suspicions.flatMap(({ technique, also_technique, severity, evidence: cited }) =>
        [technique, also_technique].flatMap((id) => {
          const known =
            id === undefined || severity === 'info' ? undefined : (techniqueOf(id) ?? techniqueOf(parentOf(id)));
          return known ? [{ id: known.id, evidence: cited }] : [];
        }),
      ),
    ],
    iocs: [...(traffic?.iocs ?? []), ...named.slice(0, INDICATORS_MAX)],
    recommendations: [...(traffic?.recommendations ?? []), ...recommendationsOf(suspicions)],
    checked: [
      {
        question: 'Does the artefact show what intruders do? Items are its entries.',
        corpus: { sha256, items, items_read },
        ...(control?.found !== undefined && { control: control.found }),
      },
    ],
    not_checked: [
      ...left.slice(0, LEFT_LISTED_MAX).map(({ what, why }) => ({ what: neutralize(what), why, mandatory: true })),
      ...(left.length > LEFT_LISTED_MAX
        ? [
            {
              what: `parts of ${left.length - LEFT_LISTED_MAX} further entries`,
              why: 'they are too long',
              mandatory: true,
            },
          ]
        : []),
      ...gapsOf(reading),
      ...(control && control.found === undefined
        ? [{ what: 'the artefact as a whole', why: 'a planted entry was not recognised', mandatory: true }]
        : []),
      ...(traffic?.not_checked ?? []),
      ...(named.length > INDICATORS_MAX
        ? [{ what: `${named.length - INDICATORS_MAX} further indicators`, why: `${INDICATORS_MAX} are handed on` }]
        : []),
      ...(all.length > suspicions.length
        ? [{ what: `${all.length - suspicions.length} lesser findings`, why: `${FINDINGS_MAX} are listed` }]
        : []),
    ],
  });
}

/** A planted entry of the same kind, judged by the same code; undefined for a kind that has none. */
function controlOf({ name, artifact, ...reading }: ArtifactReading): { found: string | undefined } | undefined {
  const planted = plantedLike(artifact, name);
  if (!planted) return undefined;
  const found = isW3c(planted.artifact)
    ? trafficIn(name, planted.artifact.log, []).findings[0]?.id
    : suspicionsOf({ ...reading, ...planted }, [])[0]?.rule;
  return { found: found === undefined ? undefined : `a planted entry of its kind was recognised by ${found}` };
}

const isW3c = (artifact: Artifact): artifact is Extract<Artifact, { kind: 'log' }> =>
  artifact.kind === 'log' && artifact.log.format === 'iis-w3c';

interface Suspicion extends WeighedFinding {
  technique: string | undefined;
  also_technique?: string;
  /** Whom it names, public ones only. */
  iocs?: readonly Ioc[];
  /** Whose password was guessed. */
  accounts?: readonly string[];
}

/** The indicators of grave findings, each once: what is slight accuses nobody whom others could be asked about. */
function namedBy(suspicions: readonly Suspicion[]): Ioc[] {
  const named = suspicions.filter(isGrave).flatMap(({ iocs = [] }) => iocs);
  return [...new Map(named.map((ioc) => [`${ioc.type} ${ioc.value}`, ioc])).values()];
}

/** Who guessed a password has to be locked out, and what he did looked at before anything is cleaned. */
function recommendationsOf(suspicions: readonly Suspicion[]): Recommendation[] {
  const guessed = suspicions.filter(({ rule, severity }) => rule === 'login/guessed' && severity !== 'low');
  if (guessed.length === 0) return [];
  const shown = guessed.slice(0, TARGETS_MAX);
  const reason = shown.map(({ title }) => title).join('; ');
  const sources = namedBy(shown).map(({ value }) => value);
  const accounts = [...new Set(shown.flatMap((each) => each.accounts ?? []))];
  return [
    {
      action: 'Reset the password and end the sessions of the account that was guessed',
      action_class: 'medium',
      target: accounts
        .slice(0, TARGETS_MAX)
        .map((account) => neutralize(account))
        .join(', '),
      reason,
    },
    ...blockAtEdge(sources, 'They guessed a password'),
  ];
}

const isGrave = ({ severity }: Pick<WeighedFinding, 'severity'>): boolean =>
  severityRank(severity) >= severityRank('medium');

const toIocs = (address: string): Ioc[] => (isPublicAddress(address) ? [{ type: 'ip', value: address }] : []);

/** What bounds left out on the way is added to `left`. */
function suspicionsOf(reading: ArtifactReading, left: Left[]): Suspicion[] {
  const { artifact, name } = reading;
  switch (artifact.kind) {
    case 'history':
      return typedInHistory(name, artifact.history.entries, left);
    case 'lnk': {
      const { lnk } = artifact;
      const target = lnk.local_path ?? lnk.environment_path ?? lnk.relative_path ?? '';
      return lnk.arguments === undefined ? [] : commandSuspicion(name, 'arguments', `${target} ${lnk.arguments}`, left);
    }
    case 'prefetch': {
      const { executable, filenames } = artifact.prefetch;
      const own = filenames.find((path) => path.toUpperCase().endsWith(`\\${executable.toUpperCase()}`));
      const by_name = commandSuspicion(name, 'executable', executable, left);
      if (!own || !ODD_PLACE.test(own)) return by_name;
      return [
        ...by_name,
        suspicion(name, {
          id: 'prefetch-place',
          title: `${executable} ran from a folder that any user may write to`,
          rule: 'prefetch/user-folder',
          severity: 'low',
          technique: 'T1204.002',
          locator: 'filenames',
          text: own,
        }),
      ];
    }
    case 'utmp':
      return failedLogins(reading, left);
    case 'log':
      return hostSuspicions(name, artifact.log.records, left);
    case 'unsupported':
      return [];
  }
}

/** The commands of a history; what runs what it downloads from a named host is slight, unless an attack stands beside it. */
function typedInHistory(source: string, entries: readonly HistoryEntry[], left: Left[]): Suspicion[] {
  const judged = entries.map(({ command, line }) => ({
    command,
    locator: `line ${line}`,
    found: typedSuspicion(source, `line ${line}`, command, left),
  }));
  const is_attack = judged.some(({ found }) => found.some(({ severity }) => severityRank(severity) >= GRAVEST_FROM));
  return judged.flatMap(({ command, locator, found }) => {
    if (found.length > 0 || !isRunUnseen(command)) return found;
    const severity = is_attack ? 'medium' : 'low';
    const of = {
      id: `fetched-${locator.replace(/\W+/g, '-')}`,
      title: 'a command runs what it downloads, unseen',
      rule: 'history/fetched-and-run',
      severity,
      technique: 'T1059.004',
      also_technique: 'T1105',
      is_everyday: true,
    } as const;
    const iocs = is_attack ? indicatorsInCommands([command]) : [];
    return [{ ...suspicion(source, { ...of, locator, text: command }), iocs }];
  });
}

/** A command that somebody typed: much that is rare in a process tree is everyday there. */
function typedSuspicion(source: string, locator: string, command: string, left: Left[]): Suspicion[] {
  const { severity, title, rule, technique, is_everyday, texts, left: parts } = judgeTyped(command);
  note(left, parts, locator);
  if (severity === 'info') return [];
  const id = `${rule.replace(/\W+/g, '-')}-${locator.replace(/\W+/g, '-')}`;
  const of = { id, title: `a command ${title}`, rule, severity, technique, is_everyday };
  const iocs = isGrave({ severity }) ? indicatorsInCommands(texts) : [];
  return [{ ...suspicion(source, { ...of, locator, text: command }), iocs }];
}

function commandSuspicion(source: string, locator: string, command: string, left: Left[]): Suspicion[] {
  const { technique, signs, decoded } = classifyCommand(command);
  note(left, decoded.left, locator);
  const sign = accusingOf(signs);
  if (technique === undefined || !sign) return [];
  const severity = severityOf(sign);
  if (severity === 'info') return [];
  const found = [
    suspicion(source, {
      id: `${sign.rule.replace(/\W+/g, '-')}-${locator.replace(/\W+/g, '-')}`,
      title: `a command ${sign.title}`,
      rule: sign.rule,
      severity,
      technique: sign.technique,
      is_everyday: isEverydayAct(sign),
      locator,
      text: command,
    }),
  ];
  const iocs = indicatorsInCommands([decoded.text, ...decoded.layers.map(({ text }) => text)]);
  return found.map((each) => ({ ...each, iocs }));
}

/** An entry of which parts were not looked at is an unread one. */
function note(left: Left[], parts: readonly string[], locator: string): void {
  if (parts.length > 0) left.push({ what: `${locator}: ${parts.join('; ')}`, why: 'it is too long', entries: 1 });
}

/** Query strings of a W3C log that does not say who asked, judged as requests are. */
function requestSuspicions(
  source: string,
  records: readonly { line: number; text: string }[],
  left: Left[],
): Suspicion[] {
  return records.flatMap(({ line, text }): Suspicion[] => {
    const [, method = '', stem = '', query = ''] =
      /\b(GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH)[ \t](\S+)[ \t](\S+)/.exec(text) ?? [];
    if (method === '') return [];
    const { hits, cut } = judgeRequest({ method, target: query === '-' ? stem : `${stem}?${query}` });
    note(left, cut, `line ${line}`);
    const [first] = hits;
    const kind = leadingClass(hits);
    if (!first || !kind) return [];
    return [
      suspicion(source, {
        id: `request-line-${line}`,
        title: `${kind} in the ${first.label}: ${first.title}`,
        rule: first.rule,
        severity: first.certain ? 'high' : 'medium',
        technique: 'T1190',
        locator: `line ${line}`,
        text: query === '-' ? stem : query,
      }),
    ];
  });
}

/** Commands that were run, and logins that were guessed. */
function hostSuspicions(source: string, records: readonly LoggedRecord[], left: Left[]): Suspicion[] {
  const commands = records.flatMap(({ line, text }) => {
    const command = commandIn(text);
    return command === undefined ? [] : typedSuspicion(source, `line ${line}`, command, left);
  });
  const logins = guessingIn(records);
  const guesses = logins.guesses.map(
    ({ rule, techniques: [technique, also], severity, address, accounts, title, records: [shown, ...others] }) => ({
      ...suspicion(source, {
        id: `${rule.replace('/', '-')}-${address}`,
        title,
        rule,
        severity,
        technique,
        ...(also !== undefined && { also_technique: also }),
        locator: `line ${shown?.line ?? 0}`,
        text: shown?.text ?? '',
        others: others.map(({ line, text }) => ({ locator: `line ${line}`, text })),
      }),
      iocs: toIocs(address),
      ...(accounts && { accounts }),
    }),
  );
  const roots = records.flatMap(({ line, text }) => {
    const name = ROOT_ACCOUNT.exec(text)?.[1];
    if (name === undefined || name === 'root') return [];
    return [
      suspicion(source, {
        id: `root-account-line-${line}`,
        title: `the account ${name} was made with the rights of root`,
        rule: 'account/root-twin',
        severity: 'high',
        technique: 'T1136.001',
        locator: `line ${line}`,
        text,
      }),
    ];
  });
  return [...guesses, ...fewFailures(source, logins), ...roots, ...commands];
}

/** Failures that are too few to be guessing are noted, unless those of many addresses are told together. */
function fewFailures(source: string, { guesses, few }: ReturnType<typeof guessingIn>): Suspicion[] {
  const [first] = few;
  if (!first || guesses.some(({ is_spraying }) => is_spraying)) return [];
  const count = few.reduce((sum, each) => sum + each.count, 0);
  return [
    suspicion(source, {
      id: 'login-few',
      title: `${count} login${count === 1 ? '' : 's'} from ${few.length} address${few.length === 1 ? '' : 'es'} failed, too few of each to be guessing`,
      rule: 'login/few',
      severity: 'info',
      technique: 'T1110.001',
      locator: `line ${first.first.line}`,
      text: first.first.text,
      others: few.slice(1, FEW_SHOWN).map((each) => ({ locator: `line ${each.first.line}`, text: each.first.text })),
    }),
  ];
}

/** btmp holds failures only: many from one address are somebody guessing. */
function failedLogins({ name, artifact }: ArtifactReading, left: Left[]): Suspicion[] {
  if (artifact.kind !== 'utmp' || !/btmp/i.test(name)) return [];
  let unwatched = 0;
  const counts = new Map<string, { count: number; at: number; user: string }>();
  for (const [index, { ip, host, user }] of artifact.records.entries()) {
    const address = host || ip;
    const known = counts.get(address);
    if (known) known.count += 1;
    else if (counts.size < ADDRESSES_MAX) counts.set(address, { count: 1, at: index + 1, user });
    else unwatched += 1;
  }
  noteUnwatched(left, unwatched);
  return [...counts]
    .filter(([, { count }]) => count >= GUESSES_MANY)
    .map(([address, { count, at, user }]) =>
      suspicion(name, {
        id: `failures-${at}`,
        title: `${count} logins from ${address} failed`,
        rule: 'login/guessing',
        severity: 'low',
        technique: 'T1110.001',
        locator: `record ${at}`,
        text: `${user} from ${address}`,
      }),
    );
}

function noteUnwatched(left: Left[], count: number): void {
  if (count === 0) return;
  const why = `the logins of ${ADDRESSES_MAX} addresses are counted`;
  left.push({ what: `${count} failed logins from further addresses`, why, entries: count });
}

const byGravity = (one: Suspicion, other: Suspicion): number =>
  SEVERITY_ORDER.indexOf(other.severity) - SEVERITY_ORDER.indexOf(one.severity);

function suspicion(
  source: string,
  {
    locator,
    text,
    title,
    others = [],
    ...of
  }: Pick<WeighedFinding, 'id' | 'severity' | 'is_everyday'> & {
    title: string;
    rule: string;
    technique: string;
    also_technique?: string;
    locator: string;
    text: string;
    others?: readonly { locator: string; text: string }[];
  },
): Suspicion {
  return {
    ...of,
    title: neutralize(title, TITLE_CHARS_MAX),
    weight: of.severity === 'info' ? 0 : WEIGHT[of.severity],
    basis: `${of.rule} ${source}`,
    evidence: [{ locator, text }, ...others].map((cited) => evidence({ source, ...cited })),
  };
}

/** Damage is a fact about evidence: it may be an accident or somebody's work. */
const damageFinding = ({ name, damage }: ArtifactReading): WeighedFinding => ({
  id: 'damage',
  title: neutralize(`the artefact is damaged or not whole: ${damage.join('; ')}`, TITLE_CHARS_MAX),
  severity: 'info',
  rule: 'artifact/damage',
  weight: 0,
  basis: 'damage',
  evidence: [evidence({ source: name, locator: 'whole', text: damage.join('; ') })],
});

function gapsOf({ name, artifact, damage }: ArtifactReading): Gap[] {
  if (artifact.kind === 'unsupported')
    return [{ what: neutralize(name, NAME_CHARS_MAX), why: artifact.reason, mandatory: true }];
  return [
    ...damage.map((why) => ({
      what: `a part of ${neutralize(name, NAME_CHARS_MAX)}`,
      why: neutralize(why),
      mandatory: true,
    })),
    { what: 'whether the artefact is genuine', why: 'nothing in its format proves who wrote it' },
    ...(artifact.kind === 'log' && artifact.log.records.some(({ time }) => time === null)
      ? [{ what: 'the times of its records', why: artifact.log.clock }]
      : []),
    ...(artifact.kind === 'log' ? unjudgedOf(artifact.log) : []),
  ];
}

/** Records that say something this trade has no rules about: read, and not judged. */
function unjudgedOf({ format, records }: TextLog): Gap[] {
  if (format === 'iis-w3c' || records.length === 0) return [];
  if (format === 'access-log')
    return [
      {
        what: `the requests of ${records.length} records`,
        why: 'requests of web servers are judged by web-security',
        is_unjudged: true,
      },
    ];
  const others = records.length - judgedOf(records);
  if (others === 0) return [];
  const why = 'commands of sudo, doas, cron and the audit and logins with passwords are judged';
  return [{ what: `what ${others} of ${records.length} records say`, why, is_unjudged: true }];
}

/** Records that some rule here speaks about. */
function judgedOf(records: readonly LoggedRecord[]): number {
  const echoes = echoesIn(records);
  return records.filter(
    (record) => commandIn(record.text) !== undefined || loginIn(record.text) !== undefined || echoes.has(record),
  ).length;
}

const ROOT_ACCOUNT = /\buseradd(?:\[\d{1,10}\])?: new user: name=([^,\s]{1,64}), UID=0,/;
const ODD_PLACE = /\\(?:TEMP|TMP|DOWNLOADS|USERS\\PUBLIC|APPDATA\\LOCAL\\TEMP|PERFLOGS|\$RECYCLE\.BIN)\\/i;
const FINDINGS_MAX = 300;
const LEFT_LISTED_MAX = 50;
const TITLE_CHARS_MAX = 300;
const NAME_CHARS_MAX = 80;
/** Indicators that are handed on, and sources that a step names. */
const INDICATORS_MAX = 100;
const GRAVEST_FROM = severityRank('high');
const TARGETS_MAX = 20;
const ADDRESSES_MAX = 10_000;
const GUESSES_MANY = 6;
const FEW_SHOWN = 3;
