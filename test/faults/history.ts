/** What happened in a run, told by whoever saw it: one JSON object a line, the raw material of the checker (promises.md 5). */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** Monotonic ns, one clock for all processes of a machine, and wall ms beside it. */
const at = { ns: z.number(), at_ms: z.number() };

/** A caller asks and hears. `info`: a timeout or a broken socket, so that nobody knows whether it happened. */
const ClientEvent = z.object({
  who: z.literal('client'),
  kind: z.enum(['invoke', 'ok', 'fail', 'info']),
  op: z.enum(['handoff', 'cancel', 'end']),
  ...at,
  /** Joins an invoke and its one answer. */
  id: z.string(),
  tenant: z.string().default('default'),
  /** The name that the params carry as `call`: one wish, however often it is sent. */
  call: z.string().optional(),
  /** SHA-256 of the canonical params. */
  digest: z.string().optional(),
  key: z.string().optional(),
  task_id: z.string().optional(),
  /** With `end`: the final state that was seen. */
  state: z.string().optional(),
  code: z.number().optional(),
  retry_after_ms: z.number().optional(),
});

/** An agent acts; each line is synced before the act. `gone`: the process is dead since then. */
const AgentEvent = z.object({
  who: z.literal('agent'),
  kind: z.enum(['exec-start', 'exec-end', 'effect-start', 'effect-done', 'gone']),
  ...at,
  agent_id: z.string(),
  instance_id: z.string().optional(),
  pid: z.number(),
  /** One run of the handler. */
  exec: z.string().optional(),
  call: z.string().optional(),
  effect: z.enum(['read', 'idempotent', 'non_idempotent']).optional(),
  effect_key: z.string().optional(),
  /** With `effect-done`: false when the world had it already. */
  applied: z.boolean().optional(),
  /** Needs an approval, and goes through the product's own driver, which puts it on record. */
  dangerous: z.boolean().optional(),
  action_hash: z.string().optional(),
});

/** A row of the journal, as it lies in the store. */
const JournalEvent = z.object({
  who: z.literal('journal'),
  /** When it was committed, where somebody knows that on the clock of the others. */
  ns: z.number().optional(),
  position: z.number(),
  task_id: z.string(),
  seq: z.number(),
  type: z.string(),
  fence: z.number().nullable(),
  at: z.string(),
  payload: z.string(),
  payload_hash: z.string(),
  prev_hash: z.string(),
  hash: z.string(),
});

/** A record in an agent's log of actions: one before the act, one when it is known what became of it. */
const AuditEvent = z.object({
  who: z.literal('audit'),
  task_id: z.string(),
  effect_key: z.string(),
  state: z.enum(['intended', 'applied', 'failed']),
  at: z.string(),
  /** When, where somebody knows that on the clock of the others. */
  ns: z.number().optional(),
});

const ApprovalEvent = z.object({
  who: z.literal('approval'),
  kind: z.enum(['requested', 'granted', 'used']),
  ...at,
  approval_id: z.string(),
  action_hash: z.string(),
  /** All who asked, all whose yes counted, or the agent that used it. */
  by: z.array(z.string()),
  /** Of a question: how many have to say yes. */
  needed: z.number().optional(),
  expires_ms: z.number().optional(),
  effect_key: z.string().optional(),
});

/** A canary is a text that one tenant planted; `seen` is anything that a tenant was sent. */
const TenantEvent = z.object({
  who: z.literal('tenant'),
  kind: z.enum(['canary', 'seen']),
  tenant: z.string(),
  text: z.string(),
});

/** Frames of one link, as its asking end saw them. The id is JSON text, so that 1 and "1" differ. */
const FrameEvent = z.object({
  who: z.literal('link'),
  kind: z.enum(['request', 'notification', 'response', 'closed']),
  link: z.string(),
  id: z.string().optional(),
});

export const HistoryEvent = z.union([
  ClientEvent,
  AgentEvent,
  JournalEvent,
  AuditEvent,
  ApprovalEvent,
  TenantEvent,
  FrameEvent,
]);
export type HistoryEvent = z.infer<typeof HistoryEvent>;
export type ClientEvent = z.infer<typeof ClientEvent>;
export type AgentEvent = z.infer<typeof AgentEvent>;
export type JournalEvent = z.infer<typeof JournalEvent>;
export type AuditEvent = z.infer<typeof AuditEvent>;
export type ApprovalEvent = z.infer<typeof ApprovalEvent>;
export type FrameEvent = z.infer<typeof FrameEvent>;

/** The rows of one type, in their order. */
export const rowsOf = (events: readonly HistoryEvent[], type: string): JournalEvent[] =>
  events.flatMap((event) => (event.who === 'journal' && event.type === type ? [event] : []));

/** Writes one line after the other, at once. Unsynced, for whoever calls this is never killed; the doubles sync theirs themselves. */
export function historyFile(path: string): { write(event: z.input<typeof HistoryEvent>): void; close(): void } {
  const file = openSync(path, 'a', 0o600);
  return {
    write: (event) => void writeSync(file, `${JSON.stringify(event)}\n`),
    close: () => closeSync(file),
  };
}

/** Reads a history; a last line that a crash cut short is left out. */
export function readHistory(path: string): HistoryEvent[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => HistoryEvent.parse(JSON.parse(line)));
}

/** The stamp of now. */
export const stamp = (): { ns: number; at_ms: number } => ({
  ns: Number(process.hrtime.bigint()),
  at_ms: Date.now(),
});
