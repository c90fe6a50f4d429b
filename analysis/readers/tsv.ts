/** Tables of tab-separated text, one row a line. */
import { createLineReader } from './lines.ts';

/** One row with its line; `cut` when it was longer than a line may be or had more fields than a row may. */
export interface TsvRow {
  line: number;
  fields: readonly string[];
  cut: boolean;
}

/** The rows; empty lines are none. Another separator than the tab is said by who knows the table. */
export async function* readTsv(
  stream: AsyncIterable<Uint8Array>,
  { separator = '\t', fields_max = FIELDS_MAX }: { separator?: string; fields_max?: number } = {},
): AsyncGenerator<TsvRow> {
  for await (const batch of createLineReader(stream).lines) {
    for (const { number, text, cut } of batch) {
      if (text === '') continue;
      const fields = text.split(separator, fields_max + 1);
      yield { line: number, fields: fields.slice(0, fields_max), cut: cut || fields.length > fields_max };
    }
  }
}

/** Fields of one row. */
const FIELDS_MAX = 1_024;
