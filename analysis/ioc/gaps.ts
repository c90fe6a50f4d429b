/** What an assessment of indicators left open, in words. */
import { techniqueOf } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { Indicator, Unreadable } from './indicator.ts';
import type { Assessed } from './weigh.ts';

/** Indicators nothing judged: of unknown type, contradicting their own, or left to other trades. Open unless something else is certain. */
export function gapsOf(
  unreadable: readonly Unreadable[],
  left: readonly Indicator[],
  trade: string | undefined,
  matched: boolean,
) {
  const types = [
    ...new Set(unreadable.filter(({ reason }) => reason === 'unknown_type').map(({ given }) => given.type)),
  ].sort();
  const odd = unreadable.filter(({ reason }) => reason === 'not_of_its_type').length;
  return [
    ...(types.length > 0
      ? [
          {
            what: `indicators of type ${neutralize(types.join(', '))}`,
            why: 'nothing here judges that type',
            mandatory: !matched,
          },
        ]
      : []),
    ...(odd > 0
      ? [{ what: `${odd} of the indicators`, why: 'they do not parse as the type they claim', mandatory: !matched }]
      : []),
    ...(left.length > 0
      ? [
          {
            what: `${left.length} indicators of other trades`,
            why: `${trade ?? 'this specialist'} does not judge them; threat-intel does`,
            mandatory: !matched,
          },
        ]
      : []),
  ];
}

/** Techniques that mounted intel names and our table does not hold. */
export function unknownTechniques(assessed: readonly Assessed[]) {
  const named = assessed.flatMap(({ sightings }) => sightings.flatMap(({ techniques }) => techniques ?? []));
  const unknown = [...new Set(named)].filter((id) => techniqueOf(id) === undefined).sort();
  if (unknown.length === 0) return [];
  return [
    {
      what: `techniques ${neutralize(unknown.join(', '))}`,
      why: 'the mounted intel names them, our ATT&CK table does not hold them',
    },
  ];
}
