/** Alerts, and what may happen to one: it comes, is seen again, is judged, is acknowledged. */
import { z } from 'zod';
import {
  Alert,
  AuroraError,
  errorCodeText,
  invalidParams,
  NewAlert,
  SEVERITY_ORDER,
  type AlertSort,
  type AlertStatus,
  type BulkOutcome,
  type DuplicateOf,
  type Severity,
} from '../protocol/index.ts';
import { sha256Of, toIso } from '../seams/index.ts';
import type { AlertRow, Writing } from '../store/index.ts';
import type { KeepAnswer } from './answers.ts';
import type { Audit, Doer } from './audit.ts';
import { cursorOf, Position, readCursor } from './cursor.ts';
import type { SocDeps } from './soc.ts';

/** What happened to an alert, for its stream. */
export type AlertEvent = 'alert.created' | 'alert.updated' | 'alert.acknowledged' | 'alert.seen_again';

/** All alerts, and the acts of people and machines on them. */
export interface Alerts {
  list(query: AlertQuery): Promise<{ items: Alert[]; next_cursor: string | null }>;
  /** Throws 4042. */
  get(alert_id: string): Promise<Alert>;
  /**
   * A duplicate is counted on the alert that is there, and then is 4091, or that alert with `on_duplicate: 'return'`. Either is kept:
   * whoever repeats the request is not counted again.
   */
  create(
    by: Doer,
    asked: NewAlert,
    on_duplicate: 'refuse' | 'return',
    keepAnswer?: KeepAnswer<KeptAlert>,
  ): Promise<KeptAlert>;
  /** Each by itself: what is wrong with one says nothing about the others. */
  createMany(by: Doer, asked: readonly unknown[], keepAnswer?: KeepAnswer<BulkOutcome[]>): Promise<BulkOutcome[]>;
  /** Throws 4042, 4120 when `if_match` is not its version, 4220 for a status it cannot go to. */
  update(by: Doer, alert_id: string, change: AlertChange, if_match?: number): Promise<Alert>;
  /** Somebody else's acknowledgement stands. Throws 4042, 4120 when `if_match` is not its version, and 4090 when it was changed in the same moment. */
  acknowledge(by: Doer, alert_id: string, if_match?: number): Promise<Alert>;
}

/** An alert that came, and whether it was there already. */
export interface KeptAlert {
  alert: Alert;
  is_new: boolean;
}

/** What is asked of the list. */
export interface AlertQuery {
  limit: number;
  cursor?: string | undefined;
  severity?: Severity | undefined;
  status?: AlertStatus | undefined;
  source?: string | undefined;
  acknowledged?: boolean | undefined;
  assignee?: string | undefined;
  since?: string | undefined;
  sort: AlertSort;
}

/** What people judge. */
export interface AlertChange {
  title?: string | undefined;
  description?: string | undefined;
  severity?: Severity | undefined;
  status?: AlertStatus | undefined;
  assignee?: string | null | undefined;
  mitre_techniques?: string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/** What alerts are kept with. */
export interface AlertDeps extends SocDeps {
  audit: Audit;
  /** How long the same alert is a duplicate, ms; asked each time, for it can be set. */
  windowMs: () => number;
  /** Called once it is kept. */
  onEvent: (what: AlertEvent, alert: Alert) => void;
}

/** Alerts in the store, each change with its row in the audit record. */
export function createAlerts(deps: AlertDeps): Alerts {
  const { store, clock, ids, audit, onEvent } = deps;
  const { db } = store;
  const now = () => toIso(clock.now());

  return { list, get, create, createMany, update, acknowledge };

  /* ---- reading ---- */

  async function list(asked: AlertQuery): ReturnType<Alerts['list']> {
    const { limit, cursor, severity, status, source, acknowledged, assignee, sort } = asked;
    const since = asked.since === undefined ? undefined : new Date(asked.since).toISOString();
    const question = ['alerts', severity, status, source, acknowledged, assignee, since, sort];
    const { column, direction, value: shape } = ORDERS[sort];
    const place = readCursor(question, cursor, z.tuple([shape, Position]));
    let query = db
      .selectFrom('alerts')
      .select(['position', 'last_seen_at', 'severity_rank'])
      .select((row) => LONG_COLUMNS.map((name) => row.fn<number | null>('length', [name]).as(`${name}_chars`)))
      .limit(limit + 1);
    if (column !== undefined) query = query.orderBy(column, direction);
    query = query.orderBy('position', direction);
    if (severity !== undefined) query = query.where('severity', '=', severity);
    if (status !== undefined) query = query.where('status', '=', status);
    if (source !== undefined) query = query.where('source', '=', source);
    if (assignee !== undefined) query = query.where('assignee', '=', assignee);
    if (since !== undefined) query = query.where('created_at', '>=', since);
    if (acknowledged !== undefined) query = query.where('acknowledged_at', acknowledged ? 'is not' : 'is', null);
    if (place) {
      const [value, position] = place;
      const behind = direction === 'desc' ? '<' : '>';
      query = query.where((where) => {
        const later = where('position', behind, position);
        if (column === undefined) return later;
        return where.or([where(column, behind, value), where.and([where(column, '=', value), later])]);
      });
    }
    const found = await query.execute();
    const page = found.slice(0, fitting(found.slice(0, limit)));
    const items = await readAll(page.map(({ position: at }) => at));
    const last = page.at(-1);
    if (found.length <= page.length || !last) return { items, next_cursor: null };
    return { items, next_cursor: cursorOf(question, [column === undefined ? 0 : last[column], last.position]) };
  }

  /** In that order; nothing is ever deleted between the two readings. */
  async function readAll(positions: number[]): Promise<Alert[]> {
    if (positions.length === 0) return [];
    const rows = await db.selectFrom('alerts').selectAll().where('position', 'in', positions).execute();
    const by_position = new Map(rows.map((row) => [row.position, row]));
    return positions.flatMap((position) => by_position.get(position) ?? []).map(toAlert);
  }

  async function get(alert_id: string): Promise<Alert> {
    const row = await db.selectFrom('alerts').selectAll().where('alert_id', '=', alert_id).executeTakeFirst();
    if (!row) throw noAlert(alert_id);
    return toAlert(row);
  }

  /* ---- coming ---- */

  async function create(...[by, asked, on_duplicate, keepAnswer]: Parameters<Alerts['create']>): Promise<KeptAlert> {
    const kept = await store.asOwner(async (trx) => {
      const made = await keep(trx, by, asked);
      await keepAnswer?.(trx, made);
      return made;
    });
    onEvent(kept.is_new ? 'alert.created' : 'alert.seen_again', kept.alert);
    if (!kept.is_new && on_duplicate === 'refuse') throw refusedAsDuplicate(kept.alert);
    return kept;
  }

  async function createMany(...[by, asked, keepAnswer]: Parameters<Alerts['createMany']>): Promise<BulkOutcome[]> {
    const judged = asked.map((one) => NewAlert.safeParse(one));
    const { kept, outcomes } = await store.asOwner(async (trx) => {
      const all = new Map<number, KeptAlert>();
      for (const [index, parsed] of judged.entries()) {
        if (parsed.success && !isTooLarge(parsed.data)) all.set(index, await keep(trx, by, parsed.data));
      }
      const told = judged.map((parsed, index) => toOutcome(index, parsed, all.get(index)));
      await keepAnswer?.(trx, told);
      return { kept: all, outcomes: told };
    });
    for (const { alert, is_new } of kept.values()) onEvent(is_new ? 'alert.created' : 'alert.seen_again', alert);
    return outcomes;
  }

  /** Counts it where it is there already, else gives it the next number of its year. */
  async function keep(trx: Writing, by: Doer, asked: NewAlert): Promise<KeptAlert> {
    if (isTooLarge(asked)) throw tooLarge();
    const at = now();
    const name = `alerts ${at.slice(0, 4)}`;
    // The counter's row is held until the end, so that of two equal alerts that come at once one is the second.
    await trx
      .insertInto('counters')
      .values({ name, value: 0 })
      .onConflict((found) => found.doNothing())
      .execute();
    await trx
      .updateTable('counters')
      .set((row) => ({ value: row('value', '+', 0) }))
      .where('name', '=', name)
      .execute();

    const dedup_hash = dedupHashOf(asked);
    const known = await findAlike(trx, asked, dedup_hash);
    if (known) {
      const seen = { occurrences: known.occurrences + 1, last_seen_at: at };
      await trx.updateTable('alerts').set(seen).where('alert_id', '=', known.alert_id).execute();
      return { alert: toAlert({ ...known, ...seen }), is_new: false };
    }
    const { value } = await trx
      .updateTable('counters')
      .set((row) => ({ value: row('value', '+', 1) }))
      .where('name', '=', name)
      .returning('value')
      .executeTakeFirstOrThrow();
    const alert_id = `ALRT-${at.slice(0, 4)}-${String(value).padStart(NUMBER_DIGITS, '0')}`;
    const row = toRow(asked, { alert_id, id: ids.uuid(), dedup_hash, at, by: by.sub });
    await trx.insertInto('alerts').values(row).execute();
    await audit.within(trx, by, { action: 'alert.create', target: alert_id, detail: { source: asked.source } });
    return { alert: toAlert(row), is_new: true };
  }

  /** What its source calls the same is the same; only where there is none, what looks alike. */
  async function findAlike(trx: Writing, { external_id, source }: NewAlert, dedup_hash: string) {
    const since = toIso(clock.now() - deps.windowMs());
    const newest = trx
      .selectFrom('alerts')
      .selectAll()
      .where('created_at', '>', since)
      .orderBy('position', 'desc')
      .limit(1);
    const alike = newest.where('dedup_hash', '=', dedup_hash);
    if (external_id === undefined) return alike.executeTakeFirst();
    const same = newest.where('source', '=', source).where('external_id', '=', external_id);
    // Two ids of one source are two alerts, however alike they look.
    return (await same.executeTakeFirst()) ?? alike.where('external_id', 'is', null).executeTakeFirst();
  }

  /* ---- being judged ---- */

  async function update(by: Doer, alert_id: string, change: AlertChange, if_match?: number): Promise<Alert> {
    const { severity, mitre_techniques, metadata, ...plain } = change;
    if (metadata !== undefined && JSON.stringify(metadata).length > METADATA_CHARS_MAX) throw tooLarge();
    const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
    const about = { by, alert_id, action: 'alert.update', detail: { fields: Object.keys(change) } };
    return changeRow({ ...about, event: 'alert.updated' }, (row) => {
      assertVersion(row, if_match);
      assertMayBecome(row.status, change.status);
      return {
        ...given,
        ...(severity && { severity, severity_rank: SEVERITY_ORDER.indexOf(severity) }),
        ...(mitre_techniques && { mitre_techniques: JSON.stringify(mitre_techniques) }),
        ...(metadata && { metadata: JSON.stringify(metadata) }),
      };
    });
  }

  async function acknowledge(by: Doer, alert_id: string, if_match?: number): Promise<Alert> {
    const about = { by, alert_id, action: 'alert.acknowledge', event: 'alert.acknowledged' } as const;
    return changeRow(about, (row) => {
      assertVersion(row, if_match);
      return row.acknowledged_at === null ? { acknowledged_by: by.sub, acknowledged_at: now() } : undefined;
    });
  }

  /** Writes what `change` makes of the row, its next version and the audit, and tells it; nothing when there is nothing to change. */
  async function changeRow(
    about: { by: Doer; alert_id: string; action: string; event: AlertEvent; detail?: Record<string, unknown> },
    change: (row: AlertRow) => Partial<AlertRow> | undefined,
  ): Promise<Alert> {
    const { by, alert_id, action, event, detail = {} } = about;
    const { alert, is_changed } = await store.asOwner(async (trx) => {
      const row = await trx.selectFrom('alerts').selectAll().where('alert_id', '=', alert_id).executeTakeFirst();
      if (!row) throw noAlert(alert_id);
      const asked = change(row);
      if (!asked) return { alert: toAlert(row), is_changed: false };
      const changed = { ...asked, updated_at: now(), version: row.version + 1 };
      const written = await trx
        .updateTable('alerts')
        .set(changed)
        .where('alert_id', '=', alert_id)
        .where('version', '=', row.version)
        .executeTakeFirst();
      if (Number(written.numUpdatedRows) !== 1) throw new AuroraError(4090, { message: 'It was changed meanwhile' });
      await audit.within(trx, by, { action, target: alert_id, detail });
      return { alert: toAlert({ ...row, ...changed }), is_changed: true };
    });
    if (is_changed) onEvent(event, alert);
    return alert;
  }
}

function toOutcome(index: number, parsed: z.ZodSafeParseResult<NewAlert>, kept: KeptAlert | undefined): BulkOutcome {
  if (!kept) {
    const { message, detail } = parsed.success ? tooLarge() : invalidParams(parsed.error, { code: 4220 });
    return { index, status: 'refused', error: { code: errorCodeText(4220), message, detail } };
  }
  const { alert, is_new } = kept;
  if (is_new) return { index, status: 'created', alert_id: alert.alert_id };
  return { index, status: 'duplicate', ...duplicateOf(alert) };
}

/** How many of these make one page: one alert may be a megabyte, and a page may be short. */
function fitting(rows: readonly Record<`${(typeof LONG_COLUMNS)[number]}_chars`, number | null>[]): number {
  let chars = 0;
  const at = rows.findIndex((row) => {
    for (const name of LONG_COLUMNS) chars += row[`${name}_chars`] ?? 0;
    return chars > PAGE_CHARS_MAX;
  });
  return at === -1 ? rows.length : Math.max(1, at);
}

/** What counts as the same alert: title, source and indicators, in whatever order they came. */
function dedupHashOf({ title, source, iocs = [] }: NewAlert): string {
  const sorted = iocs.map(({ type, value }) => `${type} ${value}`).sort();
  return sha256Of(JSON.stringify([title, source, sorted]));
}

function toRow(
  asked: NewAlert,
  made: { alert_id: string; id: string; dedup_hash: string; at: string; by: string },
): AlertRow {
  const { alert_id, id, dedup_hash, at, by } = made;
  return {
    alert_id,
    id,
    external_id: asked.external_id ?? null,
    title: asked.title,
    description: asked.description ?? '',
    severity: asked.severity,
    severity_rank: SEVERITY_ORDER.indexOf(asked.severity),
    status: 'new',
    source: asked.source,
    asset_type: asked.asset_type ?? null,
    affected_assets: JSON.stringify(asked.affected_assets ?? []),
    iocs: JSON.stringify(asked.iocs ?? []),
    mitre_techniques: JSON.stringify(asked.mitre_techniques ?? []),
    raw_log: asked.raw_log ?? null,
    http: asked.http === undefined ? null : JSON.stringify(asked.http),
    email: asked.email ?? null,
    metadata: JSON.stringify(asked.metadata ?? {}),
    assignee: null,
    case_id: null,
    acknowledged_by: null,
    acknowledged_at: null,
    dedup_hash,
    occurrences: 1,
    last_seen_at: at,
    created_by: by,
    created_at: at,
    updated_at: at,
    version: 1,
  };
}

const toAlert = (row: AlertRow): Alert =>
  Alert.parse({
    ...row,
    affected_assets: JSON.parse(row.affected_assets),
    iocs: JSON.parse(row.iocs),
    mitre_techniques: JSON.parse(row.mitre_techniques),
    http: row.http === null ? null : JSON.parse(row.http),
    metadata: JSON.parse(row.metadata),
    acknowledged: row.acknowledged_at !== null,
  } satisfies Record<string, unknown>);

const duplicateOf = ({ alert_id, occurrences, last_seen_at }: Alert): DuplicateOf => ({
  alert_id,
  occurrences,
  last_seen_at,
});

/** The refusal of a duplicate: it names the alert that is there. */
export function refusedAsDuplicate(alert: Alert): AuroraError {
  const detail = duplicateOf(alert);
  return new AuroraError(4091, { message: `Duplicate alert: ${detail.alert_id} is the same`, detail });
}

function assertVersion({ version }: AlertRow, if_match: number | undefined): void {
  if (if_match === undefined || if_match === version) return;
  throw new AuroraError(4120, { message: `It is at version ${version}`, detail: { version } });
}

/** What is closed is taken up again before anything else, and nothing becomes new again. */
function assertMayBecome(from: string, to: AlertStatus | undefined): void {
  if (to === undefined || to === from) return;
  if (to !== 'new' && (!CLOSED.has(from) || to === 'investigating')) return;
  throw new AuroraError(4220, {
    message: `An alert that is ${from} does not become ${to}`,
    detail: { issues: [{ path: '/status', message: `not from ${from}` }] },
  });
}

const isTooLarge = ({ metadata = {} }: NewAlert): boolean => JSON.stringify(metadata).length > METADATA_CHARS_MAX;
const tooLarge = (): AuroraError =>
  new AuroraError(4220, {
    message: `Validation failed: /metadata may have ${METADATA_CHARS_MAX} characters as JSON`,
    detail: { issues: [{ path: '/metadata', message: 'too large' }] },
  });
const noAlert = (alert_id: string): AuroraError => new AuroraError(4042, { detail: { alert_id } });

const ORDERS = {
  '-created_at': { column: undefined, direction: 'desc', value: z.literal(0) },
  created_at: { column: undefined, direction: 'asc', value: z.literal(0) },
  '-last_seen_at': { column: 'last_seen_at', direction: 'desc', value: z.iso.datetime() },
  '-severity': { column: 'severity_rank', direction: 'desc', value: Position },
} as const;
const LONG_COLUMNS = ['description', 'iocs', 'raw_log', 'http', 'email', 'metadata'] as const;
/** What the long columns of one page may have together. */
const PAGE_CHARS_MAX = 4_194_304;
const CLOSED = new Set(['resolved', 'false_positive']);
const NUMBER_DIGITS = 5;
const METADATA_CHARS_MAX = 16_384;
