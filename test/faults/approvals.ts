/** The life of every approval as the journal tells it, for the checker: asked, granted by all whose yes counted, used for an effect. */
import { z } from 'zod';
import type { ApprovalEvent } from './history.ts';

/** A row of the journal, with the moment at which it was written. */
export interface Written {
  task_id: string;
  type: string;
  payload: string;
  at: string;
  ns: number;
}

/** How the world outside names what the rows speak of. */
export interface Names {
  /** What was asked about; the hash on record unless said. */
  hashOf?: (payload: unknown) => string;
  /** One use of an approval for one effect. */
  useOf: (use: { task_id: string; approval_id: string; effect_key: string }) => string;
}

/** One event for each row that is about an approval; `rows` in the order in which they were written. */
export function approvalsIn(rows: readonly Written[], { hashOf, useOf }: Names): ApprovalEvent[] {
  const approvals = new Map<string, { action_hash: string; needed: number; voters: string[] }>();
  return rows.flatMap(({ task_id, type, payload, at, ns }): ApprovalEvent[] => {
    if (!TYPES.has(type)) return [];
    const told: unknown = JSON.parse(payload);
    const { approval_id, vote, lapsed, effect_key = '', by = '' } = Named.parse(told);
    const common = { who: 'approval', approval_id, ns, at_ms: Date.parse(at) } as const;
    if (type === 'approval_asked') {
      const { action_hash: recorded, requester, needed, expires_at } = Asked.parse(told);
      const about = { action_hash: hashOf?.(told) ?? recorded, needed };
      approvals.set(approval_id, { ...about, voters: [] });
      return [{ ...common, ...about, kind: 'requested', by: requester, expires_ms: Date.parse(expires_at) }];
    }
    const known = approvals.get(approval_id);
    if (!known) return [];
    const { action_hash, needed, voters } = known;
    if (vote) known.voters = [...voters.filter((one) => !lapsed.includes(one)), vote.by];
    if (type === 'approval_granted')
      return [{ ...common, action_hash, kind: 'granted', by: needed === 0 ? ['policy'] : voters }];
    if (type !== 'approval_consumed') return [];
    const key = useOf({ task_id, approval_id, effect_key });
    return [{ ...common, action_hash, kind: 'used', by: [by], effect_key: key }];
  });
}

const TYPES = new Set(['approval_asked', 'approval_voted', 'approval_granted', 'approval_consumed']);
const Asked = z.object({
  action_hash: z.string(),
  requester: z.array(z.string()),
  needed: z.number().describe('voices; without any the policy allowed it'),
  expires_at: z.string(),
});
const Named = z.object({
  approval_id: z.string(),
  vote: z.object({ by: z.string() }).optional(),
  lapsed: z.array(z.string()).default([]),
  effect_key: z.string().optional(),
  by: z.string().optional(),
});
