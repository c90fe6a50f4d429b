/** A record as its reader may see it: what people are asked, and what they answer, is for those who may read approvals. */
import { admits, type Caller, type HistoryPage, type RecordedEvent, type RouteSpec } from '../protocol/index.ts';
import type { TaskRow } from './task-facts.ts';

/** Whoever reads, by what they hold. */
type Reader = Pick<Caller, 'permissions'>;

/** The page with every row; what the caller may not read is replaced by the permission that it needs. */
export function shownTo({ permissions }: Reader, page: HistoryPage): HistoryPage {
  if (permissions.includes(NEEDED)) return page;
  return { ...page, items: page.items.map((row) => (isAboutApproval(row) ? { ...row, payload: HIDDEN } : row)) };
}

/** A task whose error tells who rejected it, and why, says only that somebody did. */
export function taskShownTo({ permissions }: Reader, task: TaskRow): TaskRow {
  if (permissions.includes(NEEDED) || !task.error || !isRejection(task.error)) return task;
  return { ...task, error: { code: task.error.code, message: 'Rejected', detail: HIDDEN } };
}

/** An answer as JSON: whoever may act, and not read what it shows, is told what their route says of it. */
export function answerShownTo(caller: Caller | undefined, { shows }: Pick<RouteSpec, 'shows'>, body: string): string {
  if (!shows || admits(shows.permission, caller)) return body;
  const answer: unknown = JSON.parse(body);
  return JSON.stringify(shows.told.parse(Object.assign({}, answer, { hidden: shows.permission })));
}

/** What everybody who follows a stream may see. */
export const ANYBODY: Reader = { permissions: [] };

function isAboutApproval({ type, payload }: RecordedEvent): boolean {
  if (type.startsWith('approval_')) return true;
  if (!isObject(payload)) return false;
  if (type === 'audit') return 'kind' in payload && payload.kind === 'approval_refused';
  return 'error' in payload && isRejection(payload.error);
}

/** A person's no names the person, and quotes what they wrote; a policy's does not. */
const isRejection = (error: unknown): boolean =>
  isObject(error) && 'detail' in error && isObject(error.detail) && 'rejected_by' in error.detail;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const NEEDED = 'approvals:read';
const HIDDEN = { hidden: NEEDED };
