/** Objects that clouds and search engines put around their records: told by their first fields, so that the records can be streamed. */

/** Where in an object its records lie. */
export interface Envelope {
  /** The keys that lead to the list of records, from outside. */
  path: readonly string[];
  /** The field of a list's element that holds the record, where it is not the element itself. */
  field?: string;
}

/**
 * The envelope that a text begins with, as CloudTrail (`Records`), Azure Monitor (`records`), Microsoft Graph (`value`) and Elasticsearch
 * (`hits.hits[]._source`) write one; undefined when it begins with anything else. It is looked at up to the list, once.
 */
export function envelopeOf(text: string): Envelope | undefined {
  const start = text.slice(0, HEAD_CHARS).replace(/^\ufeff/, '');
  return ENVELOPES.find(({ head }) => head.test(start))?.envelope;
}

/** The record in an element of the list. */
export function contentOf(value: Fields, { field }: Envelope): Fields {
  const inner = field === undefined ? undefined : value[field];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Fields) : value;
}

type Fields = Readonly<Record<string, unknown>>;

/** A list of objects, or an empty one. */
const LIST = String.raw`\s*:\s*\[\s*[{\]]`;
/** Fields with a text, a number or nothing in them. */
const plain = (name: string) => String.raw`(?:"${name}"\s*:\s*(?:"(?:[^"\\]|\\.){0,2048}"|[\w.+-]{1,32})\s*,\s*){0,8}`;

/** What begins so is no event of its own: beside its records it says only how many there are, and where the next ones lie. */
const ENVELOPES: readonly { head: RegExp; envelope: Envelope }[] = [
  { head: new RegExp(String.raw`^\s*\{\s*"Records"${LIST}`), envelope: { path: ['Records'] } },
  { head: new RegExp(String.raw`^\s*\{\s*"records"${LIST}`), envelope: { path: ['records'] } },
  {
    head: new RegExp(String.raw`^\s*\{\s*${plain('(?:@odata\\.[\\w.]{1,40}|@?nextLink|count)')}"value"${LIST}`),
    envelope: { path: ['value'] },
  },
  {
    head: new RegExp(
      String.raw`^\s*\{\s*(?:"(?:_scroll_id|pit_id)"\s*:\s*"[^"]{0,8192}"\s*,\s*)?(?:"(?:took|timed_out|terminated_early|num_reduce_phases)"\s*:\s*\w{1,16}\s*,\s*|"_(?:shards|clusters)"\s*:\s*\{[^{}]{0,1024}\}\s*,\s*){0,6}"hits"\s*:\s*\{\s*(?:"total"\s*:\s*(?:\d{1,16}|\{[^{}]{0,128}\})\s*,\s*|"max_score"\s*:\s*[\w.+-]{1,32}\s*,\s*){0,2}"hits"${LIST}`,
    ),
    envelope: { path: ['hits', 'hits'], field: '_source' },
  },
];
const HEAD_CHARS = 16_384;
