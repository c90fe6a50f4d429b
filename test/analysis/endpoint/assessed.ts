/** Events as raw records, assessed. */
import { assessHosts, createHostWatch } from '../../../analysis/endpoint/index.ts';
import { normalizeEvent } from '../../../analysis/events/index.ts';

/** The verdict over records, each cited by its line. */
export async function assessed(raws: readonly object[]) {
  const watch = createHostWatch();
  for (const [index, raw] of raws.entries()) {
    const event = normalizeEvent(raw, `line ${index + 1}`);
    if (event) watch.note(event);
  }
  const { result } = await assessHosts(watch, {
    source: 'events',
    checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: raws.length, items_read: raws.length } },
    not_checked: [],
    data_versions: {},
  });
  return result;
}

/** Rule and severity of each finding that accuses. */
export const accusations = ({ findings }: Awaited<ReturnType<typeof assessed>>) =>
  findings.filter(({ severity }) => severity !== 'info').map(({ rule, severity }) => `${severity} ${rule ?? ''}`);
