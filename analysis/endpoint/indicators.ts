/** Indicators of hosts that an alert names: command lines, paths, hashes of drivers. */
import { createHash } from 'node:crypto';
import type { Ioc, NotChecked } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { WEIGHT, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import { classifyCommand, parentOf } from './classify.ts';
import { mountedDrivers, whyNoDrivers } from './drivers.ts';
import { odditiesOf } from './edges.ts';
import { accusingOf, isDiscovery, severityOf } from './gravity.ts';
import { mountedLolbas } from './lolbas.ts';

/** The grounds of a verdict over the indicators of this trade; others are said to be nobody's here. */
export function assessHostIndicators(iocs: readonly Ioc[], content: Content): Grounds {
  const [lolbas, drivers] = [mountedLolbas(content), mountedDrivers(content)];
  const findings: WeighedFinding[] = [];
  const techniques: { id: string; evidence: WeighedFinding['evidence'] }[] = [];
  const bad: Ioc[] = [];
  const others = new Set<string>();
  let read = 0;
  let hashes_unread = 0;
  const say = (
    index: number,
    ioc: Ioc,
    of: Pick<WeighedFinding, 'title' | 'severity' | 'rule' | 'weight'>,
    technique: string,
  ) => {
    const cited = [evidence({ source: 'params', locator: `/iocs/${index}/value`, text: ioc.value })];
    findings.push({
      ...of,
      id: `ioc-${index + 1}-${findings.length + 1}`,
      title: neutralize(of.title, TITLE_CHARS_MAX),
      basis: `ioc ${index}`,
      evidence: cited,
    });
    const known = techniqueOf(technique) ?? techniqueOf(parentOf(technique));
    if (known) techniques.push({ id: known.id, evidence: cited });
    if (of.severity !== 'info') bad.push(ioc);
  };

  for (const [index, ioc] of iocs.entries()) {
    const type = ioc.type.toLowerCase().replace(/[-\s]/g, '_');
    if (COMMANDS.has(type)) {
      read += 1;
      const { technique, signs } = classifyCommand(ioc.value, lolbas);
      const sign = accusingOf(signs);
      if (technique === undefined || !sign || sign.is_mention) continue;
      const severity = isDiscovery(sign.technique) ? 'info' : severityOf(sign);
      say(
        index,
        ioc,
        {
          title: `a command line ${sign.title}`,
          severity,
          rule: sign.rule,
          weight: severity === 'info' ? 0 : WEIGHT[severity],
        },
        sign.technique,
      );
    } else if (PATHS.has(type)) {
      read += 1;
      for (const { rule, title, technique, severity } of odditiesOf(nodeAt(ioc.value)))
        say(index, ioc, { title, severity, rule, weight: WEIGHT[severity === 'info' ? 'low' : severity] }, technique);
    } else if (HASHES.has(type)) {
      if (!drivers) {
        hashes_unread += 1;
        continue;
      }
      read += 1;
      const found = drivers.find(ioc.value);
      if (found)
        say(
          index,
          ioc,
          {
            title: `a driver known as ${found.category}: ${found.name}`,
            severity: found.category === 'malicious' ? 'critical' : 'high',
            rule: `loldrivers/${found.entry}`,
            weight: WEIGHT.exact,
          },
          found.category === 'malicious' ? 'T1014' : 'T1068',
        );
    } else others.add(neutralize(ioc.type, TYPE_CHARS_MAX));
  }
  const not_checked: (NotChecked & { mandatory?: boolean })[] = [
    ...[...others]
      .sort()
      .map((type) => ({ what: `indicators of type ${type}`, why: 'they are no matter of endpoints', mandatory: true })),
    ...(hashes_unread > 0 ? [{ what: `${hashes_unread} hashes`, why: whyNoDrivers(content), mandatory: true }] : []),
    { what: 'whether any host knows these indicators', why: 'no events were handed in', mandatory: true },
  ];
  return {
    subject: `${iocs.length} indicator${iocs.length === 1 ? '' : 's'}`,
    findings,
    techniques,
    iocs: bad,
    checked: [
      {
        question: 'Are the indicators of hosts what intruders use?',
        corpus: {
          sha256: createHash('sha256').update(JSON.stringify(iocs)).digest('hex'),
          items: iocs.length,
          items_read: read,
        },
      },
    ],
    not_checked,
    data_versions: { ...(lolbas && { lolbas: lolbas.version }), ...(drivers && { loldrivers: drivers.version }) },
  };
}

/** A path alone says where a program lies, and no more. */
const nodeAt = (image: string) => ({
  id: '',
  host: '',
  pid: '',
  image,
  command_line: '',
  user: '',
  started_at: '',
  skew_ms: 0,
  locator: '',
  parent_id: undefined,
  parent_image: '',
  parent_command_line: '',
  sha256: '',
  connections: [],
});

const COMMANDS = new Set(['command_line', 'command', 'cmdline', 'commandline', 'process_command_line', 'script']);
const PATHS = new Set(['file_path', 'path', 'filepath', 'image', 'process', 'file']);
const HASHES = new Set(['hash', 'md5', 'sha1', 'sha256', 'sha_1', 'sha_256']);
const TITLE_CHARS_MAX = 300;
const TYPE_CHARS_MAX = 64;
