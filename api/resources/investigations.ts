/** Investigations: the wiring, and a task at the root as the record that people read. */
import { z } from 'zod';
import { toTask, type Ledger } from '../../orchestrator/index.ts';
import {
  AuroraError,
  InputKind,
  INLINE_BYTES_MAX,
  InvestigationResult,
  investigationRoutes,
  type Alert,
  type BlobRef,
  type BoundRoute,
  type Investigation,
  type InvestigationSummary,
  type RouteContext,
  type Source,
} from '../../protocol/index.ts';
import { toIso, type Clock } from '../../seams/index.ts';
import type { Alerts, Audit } from '../../soc/index.ts';
import { callerIn, type Desk } from '../desk.ts';
import { pageBehind } from '../pages.ts';
import { taskShownTo } from '../shown.ts';
import { durationOf, judgedIn, refsOf, requestIdOf, type TaskRow } from '../task-facts.ts';
import { cancel, eventsOf, handOff, PAGE_BYTES_MAX } from './orchestrator.ts';

/** What the routes of investigations work on. */
export interface InvestigationDeps {
  clock: Clock;
  desk: Desk;
  ledger: Pick<Ledger, 'get' | 'list' | 'page'>;
  alerts: Pick<Alerts, 'get'>;
  audit: Audit;
  /** Keeps bytes too large for a frame where agents may read them. */
  keepBytes: (bytes: Uint8Array, about: { media_type: string; name: string }) => Promise<BlobRef>;
}

/** The routes with their acts. */
export function bindInvestigations(deps: InvestigationDeps): BoundRoute[] {
  const { clock, desk, ledger, alerts, audit } = deps;

  return [
    investigationRoutes.list.implement(({ limit, cursor, state, since: from }) => {
      const since = from === undefined ? undefined : new Date(from).toISOString();
      return pageBehind(['investigations', state, since], cursor, async (place) => {
        const { rows, next } = await ledger.page({
          begun_by_skill: SKILL,
          limit,
          bytes_max: PAGE_BYTES_MAX,
          ...(state && { state }),
          ...(since !== undefined && { since }),
          ...(place !== undefined && { before: (await rootOf(place, 4220)).task_id }),
        });
        return { items: rows.map(toSummary), next_cursor: next };
      });
    }),
    investigationRoutes.get.implement(({ investigation_id }, context) => whole(investigation_id, context)),
    investigationRoutes.events.implement(async ({ investigation_id, limit, cursor }, context) => {
      const { task_id } = await rootOf(investigation_id);
      return eventsOf(desk, context, { task_id, tree: true, limit, cursor });
    }),
    investigationRoutes.investigate.implement(async (order, context) => {
      const { alert_id, input, kind, ...options } = order;
      if ((alert_id === undefined) === (input === undefined)) throw oneOfBoth();
      if (alert_id !== undefined && kind !== undefined) throw kindOfAlert();
      const { task_id, state } = await handOff({ desk, ledger }, context, order, async () => {
        const alert = alert_id === undefined ? undefined : await alerts.get(alert_id);
        const source = alert ? await toSource(alert) : input;
        return {
          ...options,
          to: { agent_id: 'orchestrator', skill: SKILL },
          params: { input: source, ...(alert ? { kind: 'alert' } : kind && { kind }) },
          refs: { alert_id },
          operation: SKILL,
        };
      });
      return { investigation_id: task_id, state };
    }),
    investigationRoutes.cancel.implement(async ({ investigation_id, reason }, context) => {
      const { task_id } = await rootOf(investigation_id);
      await cancel({ desk, audit }, context, task_id, reason);
      return whole(task_id, context);
    }),
    investigationRoutes.grantBlob.implement(async (ref, context) => {
      const { url, token, expires_at } = Grant.parse(await desk.ask(context, 'blob/grant', ref));
      return { url, token, expires_at: toIso(expires_at) };
    }),
  ];

  async function whole(investigation_id: string, context: RouteContext): Promise<Investigation> {
    const shown = (task: TaskRow) => taskShownTo(callerIn(context), task);
    const root = shown(await rootOf(investigation_id));
    const family = await ledger.list({ root_id: root.task_id, limit: FAMILY_MAX });
    return {
      ...toSummary(root),
      result: InvestigationResult.safeParse(root.result).data ?? null,
      error: root.error ?? null,
      tasks: family
        .filter(({ task_id }) => task_id !== root.task_id)
        .reverse()
        .map((task) => toTask(shown(task))),
      request_id: requestIdOf(root),
    };
  }

  async function rootOf(task_id: string, otherwise: 4040 | 4220 = 4040): Promise<TaskRow> {
    const task = await ledger.get(task_id);
    if (task?.skill === SKILL && task.parent_id === undefined) return task;
    throw new AuroraError(otherwise, { message: 'No such investigation', detail: { investigation_id: task_id } });
  }

  function toSummary(task: TaskRow): InvestigationSummary {
    const { verdict = null, severity = null, confidence = null, summary = null } = judgedIn(task.result);
    return {
      investigation_id: task.task_id,
      state: task.state,
      outcome: task.outcome ?? null,
      alert_id: refsOf(task)['alert_id'] ?? null,
      kind: Kind.safeParse(task.result).data?.kind ?? Kind.safeParse(task.params).data?.kind ?? null,
      verdict,
      severity,
      confidence,
      summary,
      requested_by: task.actor.sub,
      mode: task.mode,
      created_at: task.created_at,
      updated_at: task.updated_at,
      deadline: task.deadline,
      duration_ms: durationOf(task, clock.now()),
    };
  }

  /** An alert as the specialists read it: what its sensor said and people corrected, without who has it and what became of it. */
  async function toSource(alert: Alert): Promise<Source> {
    const { alert_id, title, severity, source, iocs, created_at } = alert;
    const seen = { alert_id, title, severity, source, created_at, iocs, ...toldIn(alert) };
    const text = JSON.stringify(seen);
    if (Buffer.byteLength(text) * ESCAPING_MAX < INLINE_BYTES_MAX) return { name: alert_id, text };
    const about = { media_type: 'application/json', name: alert_id };
    return { name: alert_id, ref: await deps.keepBytes(Buffer.from(text), about) };
  }
}

/** Fields that hold something: an empty one is not told of as left unread. */
function toldIn(alert: Alert): Partial<Alert> {
  const { description, raw_log, http, email, mitre_techniques, asset_type, affected_assets, metadata } = alert;
  const fields = { description, raw_log, http, email, mitre_techniques, asset_type, affected_assets, metadata };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => holdsSomething(value)));
}

const holdsSomething = (value: string | object | null): boolean =>
  typeof value === 'string' ? value !== '' : value !== null && Object.keys(value).length > 0;

const oneOfBoth = (): AuroraError =>
  new AuroraError(4220, {
    message: 'Validation failed: give exactly one of /alert_id and /input',
    detail: { issues: [{ path: '/', message: 'give exactly one of alert_id and input' }] },
  });

const kindOfAlert = (): AuroraError =>
  new AuroraError(4220, {
    message: 'Validation failed: /kind belongs to /input; an alert_id is an alert',
    detail: { issues: [{ path: '/kind', message: 'leave it out: an alert_id is an alert' }] },
  });

const Kind = z.object({ kind: InputKind });
const Grant = z.object({ url: z.string(), token: z.string(), expires_at: z.number() });

const SKILL = 'investigate';
/** More than an investigation may have (wire.md 5). */
const FAMILY_MAX = 300;
/** JSON within JSON grows by its quotes. */
const ESCAPING_MAX = 2;
