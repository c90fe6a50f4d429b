/** Tables in text: whether its lines are rows of cells, and by which character these are parted. */

/** What parts the cells; undefined where the text is no table. Its name may say that it is one: then two columns are enough. */
export function separatorOf(text: string, name = ''): string | undefined {
  const rows = text
    .slice(0, HEAD_CHARS)
    .split('\n', ROWS_LOOKED_AT + 1)
    .slice(0, ROWS_LOOKED_AT)
    .map((row) => row.replace(QUOTED, ''))
    .filter((row) => row.trim() !== '');
  const is_named = NAME.test(name);
  if (rows.length < (is_named ? 1 : 2)) return undefined;
  return SEPARATORS.find((separator) => {
    const [columns = 0, ...others] = rows.map((row) => row.split(separator).length);
    if (columns < (is_named ? 2 : COLUMNS_MIN)) return false;
    return is_named || others.every((count) => count === columns);
  });
}

/** The same text, of the same length, with a tab for each separator that is not in quotes. */
export const withTabs = (text: string, separator: string): string =>
  text.replace(QUOTED_OR_SEPARATOR, (found) => (found === separator ? '\t' : found));

const SEPARATORS = [',', ';', '\t'];
const NAME = /\.(?:csv|tsv)$/i;
const QUOTED = /"[^"\n]{0,8192}"/g;
const QUOTED_OR_SEPARATOR = /"[^"\n]{0,8192}"|[,;]/g;
const COLUMNS_MIN = 3;
const ROWS_LOOKED_AT = 20;
const HEAD_CHARS = 65_536;
