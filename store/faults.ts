/** Why SQLite could not: its result codes, in words for the person on call. */

/** What a failed write means for what comes next. */
export interface Fault {
  /** A constraint is the write's own fault; all else is the store's, and nothing can be kept until it is over. */
  kind: 'constraint' | 'full' | 'locked' | 'io' | 'readonly' | 'corrupt' | 'other';
  /** One clause for health and refusals; no path, no SQL. */
  cause: string;
}

/** Reads a thrown thing of any driver. */
export function faultOf(reason: unknown): Fault {
  const code = resultCode(reason);
  const kind = code === undefined ? 'other' : (KINDS.get(code & PRIMARY) ?? 'other');
  return { kind, cause: CAUSES[kind] };
}

/** SQLite's extended result code: `rawCode` by libsql, `errcode` by node:sqlite. */
function resultCode(reason: unknown): number | undefined {
  if (typeof reason !== 'object' || reason === null) return undefined;
  if ('rawCode' in reason && typeof reason.rawCode === 'number') return reason.rawCode;
  if ('errcode' in reason && typeof reason.errcode === 'number') return reason.errcode;
  return undefined;
}

/** The low byte of an extended code (sqlite.org/rescode.html). */
const PRIMARY = 0xff;
const KINDS = new Map<number, Fault['kind']>([
  [5, 'locked'],
  [6, 'locked'],
  [8, 'readonly'],
  [10, 'io'],
  [11, 'corrupt'],
  [13, 'full'],
  [14, 'io'],
  [19, 'constraint'],
  [26, 'corrupt'],
]);
const CAUSES: Readonly<Record<Fault['kind'], string>> = {
  constraint: 'the write breaks a rule of the tables',
  full: 'the disk is full',
  locked: 'another program holds the database locked',
  io: 'the disk does not take what is written',
  readonly: 'the database may only be read',
  corrupt: 'the database file is damaged',
  other: 'the database refuses to write',
};
