/** What to do about the sources a log accuses: never a step against an address that belongs to nobody on the internet. */
import type { NotChecked, Recommendation } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { blockAtEdge, isPublicAddress } from '../ioc/index.ts';

/** What one source is accused of, gravest source first. */
export interface Accused {
  source: string;
  /** Other clients that its lines name: whoever sends a request writes them. */
  named: readonly string[];
  /** One of its attacks probably or possibly worked. */
  worked: boolean;
  /** It guessed a password, and a login followed. */
  guessed: boolean;
  /** It had the server call another host, and the answers do not tell whether that did. */
  calls_out: boolean;
}

/** One step each, with all the sources it concerns, at most `TARGETS_MAX`; blocking names public addresses only. */
export function recommendationsOf(accused: readonly Accused[]): Recommendation[] {
  const all = accused.map(({ source }) => source);
  return [
    step(
      accused.filter(({ worked }) => worked).map(({ source }) => source),
      'Examine the web server for what these requests did',
      'read',
      'The server did not refuse all of their attacks',
    ),
    step(
      accused.filter(({ calls_out }) => calls_out).map(({ source }) => source),
      'Look for connections that the web server opened when these requests came',
      'read',
      'They have the server call another host: its connections tell whether it did',
    ),
    step(
      accused.filter(({ guessed }) => guessed).map(({ source }) => source),
      'Reset the password and end the sessions of the account that was guessed',
      'medium',
      'A login succeeded after many failures',
    ),
    blockAtEdge(all.filter(isPublicAddress), 'They attack this server'),
    step(
      all.filter((source) => !isPublicAddress(source)),
      'Look up the real client addresses, e.g. in X-Forwarded-For at the proxy',
      'read',
      `The attacker most likely hides behind a local proxy, and blocking that would lock everybody out${namedBy(accused)}`,
    ),
  ].flat();
}

/** What stays open about sources that are no public addresses. */
export function hiddenSources(accused: readonly Accused[]): NotChecked[] {
  const hidden = accused.filter(({ source }) => !isPublicAddress(source)).length;
  return hidden === 0
    ? []
    : [
        {
          what: `who stands behind ${hidden} attacking source${hidden === 1 ? '' : 's'} without a public address`,
          why: `they stand for a local proxy, a host name or a machine inside${namedBy(accused) || '; no other client address was read in their lines'}`,
        },
      ];
}

/** The clients that lines of hidden sources name; '' where they name none. */
function namedBy(accused: readonly Accused[]): string {
  const named = [...new Set(accused.filter(({ source }) => !isPublicAddress(source)).flatMap((each) => each.named))];
  if (named.length === 0) return '';
  const more = named.length > NAMED_SHOWN ? ` and ${named.length - NAMED_SHOWN} more` : '';
  return `; the log names ${named.slice(0, NAMED_SHOWN).join(', ')}${more}, unverified`;
}

function step(
  sources: readonly string[],
  action: string,
  action_class: Recommendation['action_class'],
  reason: string,
): Recommendation[] {
  if (sources.length === 0) return [];
  const bound = sources.length > TARGETS_MAX ? `; the gravest ${TARGETS_MAX} of ${sources.length} are named` : '';
  const target = sources.slice(0, TARGETS_MAX).map((source) => neutralize(source));
  return [{ action, action_class, target: target.join(', '), reason: `${reason}${bound}` }];
}

const TARGETS_MAX = 20;
const NAMED_SHOWN = 5;
