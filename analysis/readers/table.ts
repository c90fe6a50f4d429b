/** Tables in text: whether its lines are rows of cells, and by which character these are parted. */

/** What parts the cells, and how many the first row has. */
export interface TableShape {
  separator: string;
  columns: number;
}

/** How a table is laid out; undefined where the text is none. Its name may say that it is one: then two columns are enough. */
export function tableShapeOf(text: string, name = ''): TableShape | undefined {
  const rows = text
    .slice(0, HEAD_CHARS)
    .split('\n', ROWS_LOOKED_AT + 1)
    .slice(0, ROWS_LOOKED_AT)
    .map((row) => row.replace(QUOTED, ''))
    .filter((row) => row.trim() !== '');
  const [first = ''] = rows;
  const is_named = NAME.test(name);
  if (rows.length < (is_named ? 1 : ROWS_MIN)) return undefined;
  for (const separator of SEPARATORS) {
    const [columns = 0, ...others] = rows.map((row) => row.split(separator).length);
    if (columns < (is_named ? 2 : COLUMNS_MIN)) continue;
    if (is_named || (others.every((count) => count === columns) && isHeader(first.split(separator))))
      return { separator, columns };
  }
  return undefined;
}

/** The same text, of the same length, with a tab for each separator between cells: not in quotes, nor in a URL of a row that has too many. */
export const withTabs = (text: string, shape: TableShape): string =>
  text
    .split('\n')
    .map((row) => rowWithTabs(row, shape))
    .join('\n');

function rowWithTabs(row: string, { separator, columns }: TableShape): string {
  const count = row.replace(QUOTED, '').split(separator).length;
  if (count === 1) return row;
  let beyond = count - columns > IN_URL_MAX ? 0 : count - columns;
  let cell_from = 0;
  return row.replace(QUOTED_OR_SEPARATOR, (found, at: number) => {
    if (found !== separator) return found;
    const is_inside =
      beyond > 0 && SCHEME.test(row.slice(cell_from, at)) && !NEXT_CELL.test(row.slice(at + 1, at + 1 + SCHEME_CHARS));
    if (is_inside) {
      beyond -= 1;
      return found;
    }
    cell_from = at + 1;
    return '\t';
  });
}

/** Names of columns: no URL, and nothing that is told in sentences. */
const isHeader = (cells: readonly string[]): boolean =>
  cells.every(
    (cell) => !cell.includes('://') && !SENTENCE.test(cell.trim()) && cell.trim().split(/\s+/).length <= WORDS_MAX,
  );

const SEPARATORS = [',', ';', '\t'];
const NAME = /\.(?:csv|tsv)$/i;
const QUOTED = /"[^"\n]{0,8192}"/g;
const QUOTED_OR_SEPARATOR = /"[^"\n]{0,8192}"|[,;]/g;
const SCHEME = /^\s{0,8}[a-z]{2,12}(?:\[?:\]?)\/\/\S*$/i;
/** A quote, a scheme or a space: none of them goes on with a URL. */
const NEXT_CELL = /^(?:["\s]|[a-z]{2,12}(?:\[?:\]?)\/\/)/i;
const SCHEME_CHARS = 20;
/** Separators in the URLs of one row: a row that has more of them is another one. */
const IN_URL_MAX = 32;
const SENTENCE = /[.!?:]$|^(?:and|or|hello|hi|dear) /i;
/** A column has a name of four words at most. */
const WORDS_MAX = 4;
const COLUMNS_MIN = 3;
const ROWS_MIN = 3;
const ROWS_LOOKED_AT = 20;
const HEAD_CHARS = 65_536;
