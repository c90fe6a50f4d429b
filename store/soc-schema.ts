/** The tables of a security team: people, keys, alerts, settings, and the record of who did what. JSON stands in text columns. */
import type { Generated } from 'kysely';

/** What migration 0003 makes. Flags are 0 or 1. */
export interface SocTables {
  users: UserRow;
  sessions: SessionRow;
  refresh_tokens: RefreshTokenRow;
  api_keys: ApiKeyRow;
  alerts: AlertRow & { position: Generated<number> };
  counters: { name: string; value: number };
  audit: AuditRow & { position: Generated<number> };
  settings: SettingRow;
  answers: AnswerRow;
}

/** A person. `password` is a PHC string, `must_change` says that it is good for setting another one only. */
export interface UserRow {
  username: string;
  password: string;
  role: string;
  disabled: number;
  must_change: number;
  created_at: string;
  created_by: string;
  updated_at: string;
  last_login_at: string | null;
  version: number;
}

/** One signing in: all tokens that came of it end with it. */
export interface SessionRow {
  session_id: string;
  username: string;
  created_at: string;
  expires_at: string;
  ended_at: string | null;
  why: string | null;
}

/** A refresh token by its SHA-256; a used one stays, so that its second use is seen. */
export interface RefreshTokenRow {
  hash: string;
  session_id: string;
  expires_at: string;
  used_at: string | null;
}

/** A key for a machine by its SHA-256. */
export interface ApiKeyRow {
  key_id: string;
  name: string;
  username: string;
  prefix: string;
  hash: string;
  scopes: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** An alert. `severity_rank` is 0 for info up to 4 for critical. */
export interface AlertRow {
  alert_id: string;
  id: string;
  external_id: string | null;
  title: string;
  description: string;
  severity: string;
  severity_rank: number;
  status: string;
  source: string;
  asset_type: string | null;
  affected_assets: string;
  iocs: string;
  mitre_techniques: string;
  raw_log: string | null;
  http: string | null;
  email: string | null;
  metadata: string;
  assignee: string | null;
  case_id: string | null;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
  dedup_hash: string;
  occurrences: number;
  last_seen_at: string;
  created_by: string;
  created_at: string;
  updated_at: string;
  version: number;
}

/** Something that somebody did, or tried. */
export interface AuditRow {
  audit_id: string;
  at: string;
  actor: string;
  action: string;
  target: string | null;
  outcome: string;
  request_id: string | null;
  remote: string | null;
  detail: string;
}

/** A setting that was changed while it ran. */
export interface SettingRow {
  name: string;
  value: string;
  version: number;
  updated_at: string;
  updated_by: string;
}

/** The first answer to a request with an idempotency key; no body when it held a secret. */
export interface AnswerRow {
  scope: string;
  digest: string;
  status: number;
  body: string | null;
  expires_at: string;
}
