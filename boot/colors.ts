/** The colors of what people read: there where a terminal shows them, plain lines everywhere else, on a build server too. */
import pico from 'picocolors';

/** Colors for standard output; each of them gives its text back as it is where none are wanted. */
export const colors = pico.createColors(isColored(process.stdout, process.env));

/**
 * Whether text that goes to `output` is colored: where it is a terminal that can, unless `NO_COLOR` says no (no-color.org);
 * `FORCE_COLOR` other than `0` and `false` colors what is piped as well. `CI` alone says nothing about who reads.
 */
function isColored(output: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !['0', 'false'].includes(env.FORCE_COLOR);
  return output.isTTY === true && env.TERM !== 'dumb';
}
