/** Where things are kept: SQLite or PostgreSQL behind one owner, the ledger's tables, and the pure table of what may happen to a dispatch. */
export { readAnchors, type WrittenAnchor } from './anchor-file.ts';
export type { Against } from './anchor-check.ts';
export type { AnchorSeam } from './anchors.ts';
export type { Assurance, Durability } from './connection.ts';
export type { DatabaseAddress } from './database.ts';
export type { DriverName } from './driver.ts';
export type { Append, Appended, Arrow } from './group.ts';
export type { StoreHealth } from './group-commit.ts';
export type { AsOwner, Writing } from './ownership.ts';
export { openInbox } from './inbox.ts';
export type { AnchorRow, EventRow, KeyRow, Tables, TaskIndex } from './schema.ts';
export type { AlertRow, ApiKeyRow, AuditRow, SocTables, UserRow } from './soc-schema.ts';
export { openStore, restoreBackup } from './opening.ts';
export type { Store, StoreOptions } from './store.ts';
export {
  isRefusal,
  isTerminal,
  RECEIVED,
  transition,
  type ArrowType,
  type Happening,
  type Phase,
  type Refusal,
  type Standing,
} from './transition.ts';
export type { ChainVerdict } from './verify.ts';
export type { WalTail } from './wal-tail.ts';
