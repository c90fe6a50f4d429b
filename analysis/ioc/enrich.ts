/** What is known about indicators beside being named: suffix and owner, lists they are on, who announces them, who has seen them. */
import { parse } from 'tldts';
import type { AnalysisResult, Ioc } from '../../protocol/index.ts';
import { whyAbsent, type Content } from '../../seams/index.ts';
import { neutralize } from '../evidence/index.ts';
import { conclude } from '../verdict/index.ts';
import { assessIndicators } from './assess.ts';
import { parseIndicator, type Indicator } from './indicator.ts';
import type { Sighting } from './intel.ts';
import { isAddress } from './mentions.ts';
import { openContent, type Mounted } from './mounted.ts';
import { networksOf, type Network, type Networks } from './networks.ts';
import type { Listing } from './warninglists.ts';

/** One indicator with what is known about it. A field is absent where it has no meaning, and `not_checked` where nobody was there to ask. */
export interface Enriched extends Ioc {
  /** In the one spelling that equal indicators share; absent when it is not of its type. */
  normalized?: string;
  host?: string;
  suffix?: string;
  registered_domain?: string;
  /** Anybody can register names under the suffix. */
  shared_hosting?: boolean;
  warning_lists: Listing[] | 'not_checked';
  sightings: Sighting[] | 'not_checked';
  network?: Network | 'unknown' | 'not_checked';
}

/** A result with one entry for each given indicator, in their order. */
export interface Enrichment extends AnalysisResult {
  enriched: Enriched[];
}

/** Enriches indicators from mounted content alone; never asks the network. */
export function enrichIocs(iocs: readonly Ioc[], content: Content): Enrichment {
  const mounted = openContent(content);
  const pack = content.get('networks');
  const networks = pack && networksOf(pack.data);
  const grounds = assessIndicators(iocs, { content });
  const result = conclude({
    ...grounds,
    not_checked: [
      ...(grounds.not_checked ?? []),
      ...(networks
        ? []
        : [
            {
              what: 'who announces the addresses, and where',
              why: pack ? 'the mounted content "networks" has another shape' : whyAbsent(content, 'networks'),
            },
          ]),
    ],
    data_versions: { ...grounds.data_versions, ...(pack && networks && { networks: pack.version }) },
  });
  return { ...result, enriched: iocs.map((ioc, index) => enrich(ioc, parseIndicator(ioc, index), mounted, networks)) };
}

function enrich(
  ioc: Ioc,
  read: ReturnType<typeof parseIndicator>,
  mounted: Mounted,
  networks: Networks | undefined,
): Enriched {
  // What cannot be read was looked up nowhere: that is not the same as being on no list.
  if ('reason' in read) return { ...ioc, warning_lists: 'not_checked', sightings: 'not_checked' };
  return {
    ...ioc,
    normalized: read.value,
    ...(read.host !== undefined && { host: read.host, ...aboutHost(read, networks) }),
    warning_lists: mounted.warnings ? mounted.warnings.lookup(read) : 'not_checked',
    sightings: mounted.intel ? mounted.intel.lookup(read).map(printable) : 'not_checked',
  };
}

function aboutHost({ host = '' }: Indicator, networks: Networks | undefined): Partial<Enriched> {
  if (isAddress(host)) return { network: networks ? (networks.lookup(host) ?? 'unknown') : 'not_checked' };
  const { publicSuffix, domain, isPrivate } = parse(host, { allowPrivateDomains: true });
  return {
    ...(publicSuffix !== null && { suffix: publicSuffix }),
    ...(domain !== null && { registered_domain: domain }),
    shared_hosting: isPrivate === true,
  };
}

/** What others wrote about an indicator is theirs: harmless to print. */
const printable = (sighting: Sighting): Sighting => ({
  ...sighting,
  source: neutralize(sighting.source, 120),
  ...(sighting.malware !== undefined && { malware: neutralize(sighting.malware, 120) }),
});
