/** What speaks for and against one indicator: its form, those who vouch for it, the lists it is on. */
import { createHash } from 'node:crypto';
import { WEIGHT } from '../verdict/index.ts';
import { checkHost } from './host-checks.ts';
import type { Indicator } from './indicator.ts';
import type { Sighting } from './intel.ts';
import type { Mounted } from './mounted.ts';
import { fact, type Observation } from './observation.ts';
import { whySpared } from './spared.ts';
import { checkUrl } from './url-checks.ts';
import type { Listing } from './warninglists.ts';

/** One indicator with everything said about it. */
export interface Assessed {
  indicator: Indicator;
  observations: Observation[];
  sightings: readonly Sighting[];
  /** A harmless list names it, or it is the digest of nothing. */
  harmless: boolean;
  /** Why it must not be blocked, whoever names it. */
  spared: string | undefined;
}

/** Weighs one indicator; a harmless list leaves what speaks against it little weight. */
export function assessOne(indicator: Indicator, { intel, warnings }: Mounted): Assessed {
  const sightings = intel?.lookup(indicator) ?? [];
  const listings = warnings?.lookup(indicator) ?? [];
  const empty = indicator.type === 'hash' && EMPTY_DIGESTS.has(indicator.value);
  const harmless = empty || listings.some(({ kind }) => kind === 'harmless');
  const against = [...sightings.map((sighting) => sighted(indicator, sighting)), ...checkForm(indicator)];
  return {
    indicator,
    sightings,
    harmless,
    spared: whySpared(indicator, warnings),
    observations: [
      ...against.map((observation) =>
        harmless ? { ...observation, weight: Math.min(observation.weight, WEIGHT.low) } : observation,
      ),
      ...listed(indicator, listings),
      ...(empty
        ? [
            fact(
              'empty-digest',
              `${indicator.value} is the digest of the empty file and tells no file from another`,
              indicator.value,
            ),
          ]
        : []),
    ],
  };
}

function checkForm({ type, value, host }: Indicator): Observation[] {
  const onHost = host === undefined ? [] : checkHost(host);
  return type === 'url' ? [...onHost, ...checkUrl(value)] : onHost;
}

function sighted({ value }: Indicator, { source, malware, first_seen, techniques }: Sighting): Observation {
  const as = malware === undefined ? 'hostile' : malware;
  const since = first_seen === undefined ? '' : `, first seen ${first_seen}`;
  return {
    check: `intel ${source}`,
    title: `${value} is known as ${as} to ${source}${since}`,
    severity: 'high',
    weight: WEIGHT.exact,
    shown: value,
    techniques: techniques ?? [],
  };
}

/** One fact names all the lists: an indicator on twelve of them is still one indicator. */
function listed(indicator: Indicator, listings: readonly Listing[]): Observation[] {
  const [first] = listings;
  if (!first) return [];
  const { value } = indicator;
  const named = (['harmless', 'shared', 'sensor'] as const).flatMap((kind) => {
    const lists = listings.filter((listing) => listing.kind === kind).map(({ list }) => `"${list}"`);
    const more = lists.length > LISTS_SHOWN_MAX ? ` and ${lists.length - LISTS_SHOWN_MAX} more` : '';
    return lists.length === 0
      ? []
      : [`${lists.slice(0, LISTS_SHOWN_MAX).join(', ')}${more} (${meaningOf(kind, indicator)})`];
  });
  const lists = listings.length === 1 ? 'the warning list' : `${listings.length} warning lists:`;
  return [fact('warning-list', `${value} is on ${lists} ${named.join('; ')}`, value)];
}

function meaningOf(kind: Listing['kind'], { type, host }: Indicator): string {
  if (type === 'url' && kind === 'shared') return 'they speak of its host, which excuses no address on it';
  const isExample = kind === 'harmless' && host !== undefined && DOCUMENTATION.test(host);
  return isExample ? "reserved for documentation, nobody's on the internet" : LIST_MEANING[kind];
}

/** RFC 5737 and RFC 3849. */
const DOCUMENTATION = /^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$|^2001:db8:/;
const LISTS_SHOWN_MAX = 5;
const LIST_MEANING = {
  harmless: 'known harmless',
  shared: 'shared by friend and foe, so it excuses nothing',
  sensor: 'a sinkhole, block page or parking place',
};
/** MD5, SHA-1, SHA-256 and SHA-512 of no bytes. */
const EMPTY_DIGESTS = new Set(['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).digest('hex')));
