/** What became of a run of the kit, as the tests of wrong peers look at it. */
import { checks } from '../../../conformance/checks/index.ts';
import { WATCHED } from '../../../conformance/checks/watched.ts';
import type { Report, RequirementId } from '../../../conformance/index.ts';

/** The sentences that failed, in order. */
export const failed = ({ results }: Report): string[] =>
  results
    .filter(({ outcome }) => outcome === 'fail')
    .map(({ id }) => id)
    .sort();

/** What is read when they are not as declared. */
export const whyOf = ({ results }: Report): string =>
  results.flatMap(({ id, outcome, why }) => (outcome === 'fail' ? [`${id}: ${why}`] : [])).join('; ');

/** All sentences but those that take many seconds or move megabytes, unless it is one of them that is broken. */
export const quick = (breaks: readonly RequirementId[]): RequirementId[] => {
  const long = new Set(['WS-14', ...checks.filter(({ phase }) => phase === 'long').map(({ id }) => id)]);
  return [...checks.map(({ id }) => id), ...WATCHED].filter((id) => !long.has(id) || breaks.includes(id));
};
