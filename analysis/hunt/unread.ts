/** What of a recording nobody has looked at, once it was read to its end. */
import type { NotChecked } from '../../protocol/index.ts';
import type { Recording } from '../recordings/index.ts';

/** One entry a part that could not be read, and how many more there are. */
export function unreadIn(recording: Pick<Recording, 'report'>): NotChecked[] {
  const { unread, unread_count, items, items_read } = recording.report();
  const further = Math.max(unread_count, unread.length === 0 ? items - items_read : 0) - unread.length;
  return [
    ...unread.map(({ what, why }) => ({ what, why })),
    ...(further > 0
      ? [{ what: `${further} ${unread.length > 0 ? 'further ' : ''}parts`, why: 'they could not be read' }]
      : []),
  ];
}
