/** Why a database could not: the result codes of SQLite and PostgreSQL, in words for the person on call. */
import { AuroraError } from '../protocol/index.ts';

/** What a failed write means for what comes next. */
export interface Fault {
  /** A constraint is the write's own fault; all else is the store's, and nothing can be kept until it is over. */
  kind: 'constraint' | 'full' | 'locked' | 'io' | 'readonly' | 'corrupt' | 'lost' | 'other';
  /** One clause for health and refusals; no path, no SQL. */
  cause: string;
}

/** Reads a thrown thing of any driver, also behind what was made of it. */
export function faultOf(thrown: unknown): Fault {
  const reason = thrown instanceof AuroraError ? thrown.cause : thrown;
  const code = resultCode(reason);
  const kind = code === undefined ? kindOfSqlState(reason) : (KINDS.get(code & PRIMARY) ?? 'other');
  return { kind, cause: CAUSES[kind] };
}

/** What whoever asked is told: 5030 while the database cannot (PROM-P15), and what was thrown where the fault is another's. */
export function refusedBy(reason: unknown): unknown {
  const { kind, cause } = faultOf(reason);
  if (!PASSING.has(kind)) return reason;
  const message = `The database cannot do that now: ${cause}`;
  return new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, cause: reason });
}

/** Whether nothing can be kept until what was thrown is over, whoever met it. */
export const isOfStore = (reason: unknown): boolean => OF_STORE.has(faultOf(reason).kind);

/** By the whole SQLSTATE, or by its class, its first two characters (PostgreSQL manual, appendix A). */
function kindOfSqlState(reason: unknown): Fault['kind'] {
  const code = reason instanceof Error && 'code' in reason && typeof reason.code === 'string' ? reason.code : '';
  return SQL_STATES.get(code) ?? SQL_STATES.get(code.slice(0, 2)) ?? 'other';
}

/** SQLite's extended result code: `rawCode` by libsql, `errcode` by node:sqlite. */
export function resultCode(reason: unknown): number | undefined {
  if (typeof reason !== 'object' || reason === null) return undefined;
  if ('rawCode' in reason && typeof reason.rawCode === 'number') return reason.rawCode;
  if ('errcode' in reason && typeof reason.errcode === 'number') return reason.errcode;
  return undefined;
}

/** What is over one day without anybody changing what they asked. */
const PASSING: ReadonlySet<Fault['kind']> = new Set(['full', 'locked', 'io', 'readonly', 'lost']);
/** What is wrong with the disk. A lock is one transaction's bad luck, and a lost connection one of several. */
const OF_STORE: ReadonlySet<Fault['kind']> = new Set(['full', 'io', 'readonly', 'corrupt']);
const RETRY_AFTER_MS = 1_000;
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
const SQL_STATES = new Map<string, Fault['kind']>([
  ['08', 'lost'],
  ['22', 'constraint'],
  ['23', 'constraint'],
  ['25006', 'readonly'],
  ['53100', 'full'],
  ['53300', 'lost'],
  ['55P03', 'locked'],
  ['57014', 'locked'],
  ['58', 'io'],
  ['57', 'lost'],
  ['XX', 'corrupt'],
  ['ECONNREFUSED', 'lost'],
  ['ECONNRESET', 'lost'],
  ['ENOENT', 'lost'],
  ['ENOTFOUND', 'lost'],
  ['EPIPE', 'lost'],
  ['ETIMEDOUT', 'lost'],
]);
const CAUSES: Readonly<Record<Fault['kind'], string>> = {
  constraint: 'the write breaks a rule of the tables',
  full: 'the disk is full',
  locked: 'another program holds the database locked',
  io: 'the disk does not take what is written',
  readonly: 'the database may only be read',
  corrupt: 'the database file is damaged',
  lost: 'the database cannot be reached',
  other: 'the database refuses to write',
};
