/** A verdict for people: what was found and where, what it rests on, what was not looked at, what to do. */
import { colors } from '../boot/index.ts';
import type { Evidence, InvestigationResult, Task } from '../protocol/index.ts';
import { paintSeverity, paintVerdict, safe, wrap } from './text.ts';

/** The whole answer as text. `hops` are the tasks below the investigation, for the time each took. */
export function toVerdictText(result: InvestigationResult, hops: readonly Task[]): string {
  const notes = result.findings.filter(({ severity }) => severity === 'info');
  const findings = result.findings.filter(({ severity }) => severity !== 'info');
  return [
    '',
    `${paintVerdict(result.verdict)}   severity ${paintSeverity(result.severity)}   ${confidenceOf(result)}`,
    wrap(safe(result.summary), ''),
    colors.dim(wrap(safe(result.arithmetic), '')),
    section('Findings', findings.map(toFinding), FINDINGS_SHOWN),
    section('Notes', notes.map(toFinding), NOTES_SHOWN),
    section(
      'ATT&CK',
      result.techniques.map(
        ({ id, name, attack_version }) => `  ${id.padEnd(10)} ${safe(name)} ${colors.dim(`v${attack_version}`)}`,
      ),
    ),
    section(
      'Indicators',
      result.iocs.map(({ type, value }) => `  ${safe(type).padEnd(12)} ${safe(value)}`),
      IOCS_SHOWN,
    ),
    section(
      'Not checked',
      gapsOf(result).map((gap) => wrap(safe(gap), '  ')),
      GAPS_SHOWN,
    ),
    section(
      'Checked',
      result.checked.map(({ question, corpus }) =>
        wrap(
          `${safe(question)} (${corpus.items_read} of ${corpus.items} read${corpus.items_judged === undefined ? '' : `, ${corpus.items_judged} of a kind that is judged`})`,
          '  ',
        ),
      ),
    ),
    section(
      'Recommended',
      result.recommendations.map(({ action, target, reason }) =>
        [wrap(safe(action), '  '), wrap(safe(target), '      '), colors.dim(wrap(safe(reason), '      '))].join('\n'),
      ),
      RECOMMENDED_SHOWN,
    ),
    section('Handoffs', hops.map(toHop)),
    '',
  ]
    .filter((part) => part !== undefined)
    .join('\n');
}

/** Confidence says how sure it is that something is wrong: zero of it beside `benign` reads like a doubt, and is none. */
const confidenceOf = ({ confidence }: InvestigationResult): string =>
  confidence === 0 ? 'nothing weighs against it' : `confidence ${confidence}`;

/** What several specialists did not look at either is said once, with all their names in front. */
function gapsOf({ not_checked }: InvestigationResult): string[] {
  const names = new Map<string, string[]>();
  for (const { what, why } of not_checked) {
    const [, name = '', rest = what] = /^([a-z0-9-]{1,64}): ([^]*)$/.exec(what) ?? [];
    const gap = `${rest}: ${why}`;
    names.set(gap, [...(names.get(gap) ?? []), name]);
  }
  return [...names].map(([gap, who]) => [who.filter(Boolean).join(', '), gap].filter(Boolean).join(': '));
}

function section(title: string, lines: readonly string[], shown_max = Infinity): string | undefined {
  if (lines.length === 0) return undefined;
  const shown = lines.slice(0, shown_max);
  const more = lines.length > shown.length ? [colors.dim(`  … ${lines.length - shown.length} more, see --json`)] : [];
  return [`\n${colors.bold(title)}`, ...shown, ...more].join('\n');
}

function toFinding({ title, severity, evidence }: InvestigationResult['findings'][number]): string {
  return [`  ${paintSeverity(severity)}  ${safe(title)}`, ...evidence.slice(0, EVIDENCE_SHOWN).map(toEvidence)].join(
    '\n',
  );
}

const toEvidence = ({ source, locator, excerpt }: Evidence): string =>
  `      ${colors.dim(`${safe(source)}, ${safe(locator)}:`)} ${safe(excerpt)}`;

function toHop(task: Task): string {
  const took_ms = Date.parse(task.updated_at) - Date.parse(task.created_at);
  const tries = task.attempts.length > 1 ? `, ${task.attempts.length} attempts` : '';
  return `  hop ${task.hop}  ${safe(task.agent_id).padEnd(16)} ${safe(task.skill).padEnd(20)} ${task.state} in ${took_ms} ms${tries}`;
}

const FINDINGS_SHOWN = 20;
const NOTES_SHOWN = 10;
const EVIDENCE_SHOWN = 2;
const IOCS_SHOWN = 20;
const GAPS_SHOWN = 12;
const RECOMMENDED_SHOWN = 12;
