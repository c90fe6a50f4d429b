/** The records that a finding stands on, under one name each. */
import type { Finding } from '../../protocol/index.ts';

/** One name for each place it cites. */
export const recordsOf = ({ evidence }: Pick<Finding, 'evidence'>): string[] =>
  evidence.map(({ source, locator }) => {
    // The one file in a gzip is the same as that gzip, whichever of the two is named.
    const inner = `${source.replace(/\.gz$/i, '')}, `;
    return JSON.stringify([source, locator.startsWith(inner) ? locator.slice(inner.length) : locator]);
  });
