/** Shared intelligence taken in: what it vouches for, ready to be mounted, and what of it was not understood. */
import { createHash } from 'node:crypto';
import { AuroraError, type AnalysisResult, type Evidence } from '../../protocol/index.ts';
import { whyAbsent, type Content } from '../../seams/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import type { Sighting } from '../ioc/index.ts';
import { conclude, type WeighedFinding } from '../verdict/index.ts';
import type { Intelligence, Named, SharedIndicator } from './intelligence.ts';
import { isMisp, readMisp } from './read-misp.ts';
import { isStix, readStix } from './read-stix.ts';
import { schemasOf } from './schemas.ts';

/** A result with the intelligence in it. */
export interface IntelImport extends AnalysisResult {
  format: Intelligence['format'];
  objects: Record<string, number>;
  indicators: SharedIndicator[];
  groups: string[];
  software: string[];
  rejected: Intelligence['rejected'];
  /** What can be mounted as the content `intel`: the indicators that suffice by themselves. */
  intel: { indicators: Sighting[] };
}

/** Reads a document of STIX 2.1 or MISP; throws 4220 when it is neither. */
export function readIntelligence(text: string): Intelligence {
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new AuroraError(4220, { message: 'The document is no JSON', detail: { path: '/source' }, cause });
  }
  if (isStix(data)) return readStix(data);
  if (isMisp(data)) return readMisp(data);
  throw new AuroraError(4220, {
    message: 'The document is neither a STIX 2.1 bundle or object nor a MISP event',
    detail: { path: '/source' },
  });
}

/** Takes a document in. Importing is no verdict: that a source vouches for something is what it says, nothing more. */
export function importIntel(text: string, { source, content }: { source: string; content: Content }): IntelImport {
  const read = readIntelligence(text);
  const pack = content.get('stix-schemas');
  const schemas = read.format === 'stix' && pack ? schemasOf(pack.data) : undefined;
  const unfit = read.bundle.objects.flatMap((object, index) => {
    const why = schemas?.faultOf(object);
    return why === undefined ? [] : [{ locator: `/objects/${index}`, why: `does not fit its schema: ${why}` }];
  });
  const rejected = [...read.rejected, ...unfit].map(({ locator, why }) => ({ locator, why: neutralize(why) }));
  const indicators = read.indicators.slice(0, LISTED_MAX);
  const citing = ({ locator }: { locator: string }, shown: string): Evidence =>
    evidence({ source, locator, text: shown });

  const result = conclude({
    subject: `${neutralize(source, NAME_CHARS_MAX)}: ${read.indicators.length} indicators in ${read.format === 'stix' ? 'STIX' : 'MISP'}`,
    findings: findingsOf(read, rejected, citing),
    techniques: read.techniques.map((technique) => ({
      id: technique.id,
      evidence: [citing(technique, technique.revoked ?? technique.id)],
    })),
    iocs: indicators.map(({ type, value }) => ({ type, value })),
    checked: [
      {
        question: 'What does the document vouch for? Counted in objects.',
        corpus: {
          sha256: createHash('sha256').update(text).digest('hex'),
          items: sum(read.objects),
          items_read: sum(read.objects),
        },
      },
    ],
    not_checked: [
      {
        what: 'whether what the document says is true',
        why: 'its producer vouches for it, nobody else',
        mandatory: true,
      },
      ...(read.format === 'stix' && !schemas
        ? [{ what: 'whether each object fits the schema of its type', why: schemaGap(pack !== undefined, content) }]
        : []),
      ...(read.indicators.length > indicators.length
        ? [{ what: `${read.indicators.length - indicators.length} of the indicators`, why: `${LISTED_MAX} are listed` }]
        : []),
    ],
    data_versions: pack && schemas ? { 'stix-schemas': pack.version } : {},
  });
  const names = (all: readonly Named[]) =>
    [...new Set(all.map(({ name }) => neutralize(name, NAME_CHARS_MAX)))].slice(0, NAMES_MAX);
  return {
    ...result,
    format: read.format,
    objects: read.objects,
    indicators: indicators.map(printable),
    groups: names(read.groups),
    software: names(read.software),
    rejected: rejected.slice(0, LISTED_MAX),
    intel: { indicators: indicators.filter(({ sufficient }) => sufficient).map(sightingOf(read, source)) },
  };
}

function findingsOf(
  read: Intelligence,
  rejected: Intelligence['rejected'],
  citing: (place: { locator: string }, shown: string) => Evidence,
): WeighedFinding[] {
  const told = (id: string, title: string, cited: Evidence[]): WeighedFinding[] =>
    cited.length === 0
      ? []
      : [{ id, title, severity: 'info', rule: id, weight: 0, basis: id, evidence: cited.slice(0, EVIDENCE_MAX) }];
  const named = (all: readonly Named[]) => all.slice(0, EVIDENCE_MAX).map((each) => citing(each, each.name));
  return [
    ...told(
      'intel-indicators',
      `The document vouches for ${counted(read.indicators, 'indicator')}`,
      read.indicators.slice(0, EVIDENCE_MAX).map((ioc) => citing(ioc, ioc.value)),
    ),
    ...told(
      'intel-groups',
      `It speaks of ${counted(read.groups, 'group')}; that a thing is like theirs names nobody`,
      named(read.groups),
    ),
    ...told('intel-software', `It speaks of ${counted(read.software, 'program')}`, named(read.software)),
    ...told(
      'intel-rejected',
      `${counted(rejected, 'part')} of it ${rejected.length === 1 ? 'was' : 'were'} not taken over`,
      rejected.slice(0, EVIDENCE_MAX).map((part) => citing(part, part.why)),
    ),
  ];
}

const counted = ({ length }: { length: number }, noun: string): string => `${length} ${noun}${length === 1 ? '' : 's'}`;

/** Names and remarks are the producer's words: harmless to print. Values stay as they are, they are what is matched. */
const printable = (ioc: SharedIndicator): SharedIndicator => ({
  ...ioc,
  value: ioc.value.slice(0, VALUE_LENGTH_MAX),
  ...(ioc.name !== undefined && { name: neutralize(ioc.name, NAME_CHARS_MAX) }),
  malware: ioc.malware.slice(0, NAMES_MAX).map((name) => neutralize(name, NAME_CHARS_MAX)),
  techniques: [...new Set(ioc.techniques)].slice(0, NAMES_MAX),
});

const sightingOf =
  (read: Intelligence, source: string) =>
  ({ type, value, first_seen, malware, techniques }: SharedIndicator): Sighting => ({
    type,
    value: value.slice(0, VALUE_LENGTH_MAX),
    source: neutralize(read.producer || source, NAME_CHARS_MAX),
    ...(first_seen !== undefined && { first_seen: neutralize(first_seen, TIME_CHARS_MAX) }),
    ...(malware[0] !== undefined && { malware: neutralize(malware[0], NAME_CHARS_MAX) }),
    ...(techniques.length > 0 && { techniques: [...new Set(techniques)].slice(0, NAMES_MAX) }),
  });

const schemaGap = (mounted: boolean, content: Content): string =>
  mounted ? 'the mounted content "stix-schemas" has another shape' : whyAbsent(content, 'stix-schemas');
const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const LISTED_MAX = 3_000;
const NAMES_MAX = 100;
const EVIDENCE_MAX = 5;
const VALUE_LENGTH_MAX = 4_096;
const NAME_CHARS_MAX = 120;
const TIME_CHARS_MAX = 40;
