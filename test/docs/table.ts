/** The tables of a page. */

/** The cells under a head; of several tables with the same head the one whose first cell is said. */
export function rowsOf(page: string, head: string, first?: string): string[][] {
  const tables = page.split('\n\n').filter((part) => part.startsWith(head));
  const found = tables.map((table) => table.trimEnd().split('\n').slice(2).map(cellsOf));
  const rows = found.find((table) => first === undefined || table[0]?.[0] === first) ?? [];
  if (rows.length === 0) throw new Error(`the page has no table ${head}`);
  return rows;
}

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
