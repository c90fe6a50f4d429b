/** What speaks for and against one indicator: its form, those who vouch for it, the lists it is on. */
import { createHash } from 'node:crypto';
import { WEIGHT } from '../verdict/index.ts';
import { checkHost } from './host-checks.ts';
import type { Indicator } from './indicator.ts';
import type { Sighting } from './intel.ts';
import type { Mounted } from './mounted.ts';
import { fact, type Observation } from './observation.ts';
import { checkUrl } from './url-checks.ts';
import type { Listing } from './warninglists.ts';

/** One indicator with everything said about it. */
export interface Assessed {
  indicator: Indicator;
  observations: Observation[];
  sightings: readonly Sighting[];
  /** A harmless list names it, or it is the digest of nothing. */
  harmless: boolean;
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
    observations: [
      ...against.map((observation) =>
        harmless ? { ...observation, weight: Math.min(observation.weight, WEIGHT.low) } : observation,
      ),
      ...listings.map((listing) => listed(indicator, listing)),
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

const listed = ({ value }: Indicator, { list, kind }: Listing): Observation =>
  fact(`warning-list ${list}`, `${value} is on the warning list "${list}" (${LIST_MEANING[kind]})`, value);

const LIST_MEANING = {
  harmless: 'known harmless',
  shared: 'shared by friend and foe, so it excuses nothing',
  sensor: 'a sinkhole, block page or parking place',
};
/** MD5, SHA-1, SHA-256 and SHA-512 of no bytes. */
const EMPTY_DIGESTS = new Set(['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).digest('hex')));
