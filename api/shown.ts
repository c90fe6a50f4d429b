/** A record as its reader may see it: what people are asked, and what they answer, is for those who may read approvals. */
import type { Caller, HistoryPage, RecordedEvent } from '../protocol/index.ts';

/** The page with every row; what the caller may not read is replaced by the permission that it needs. */
export function shownTo({ permissions }: Pick<Caller, 'permissions'>, page: HistoryPage): HistoryPage {
  if (permissions.includes(NEEDED)) return page;
  return { ...page, items: page.items.map((row) => (isAboutApproval(row) ? { ...row, payload: HIDDEN } : row)) };
}

function isAboutApproval({ type, payload }: RecordedEvent): boolean {
  if (type.startsWith('approval_')) return true;
  const is_note = type === 'audit' && typeof payload === 'object' && payload !== null && 'kind' in payload;
  return is_note && payload.kind === 'approval_refused';
}

const NEEDED = 'approvals:read';
const HIDDEN = { hidden: NEEDED };
