/** What may happen to a dispatch, as a pure table: phases of the ledger, the arrows between them, and what they refuse. */

/** The ledger's own phases (promises.md 1); a caller sees them as task states. */
export const PHASES = [
  'RECEIVED',
  'ACCEPTED',
  'WAITING_APPROVAL',
  'QUEUED',
  'LEASED',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
  'DENIED',
  'DEAD_LETTERED',
  'UNKNOWN_EFFECT',
] as const;
/** One of the phases. */
export type Phase = (typeof PHASES)[number];

/** What happens to a dispatch. The last three are notes: they record, and change nothing. */
export const ARROWS = [
  'accepted',
  'approval_asked',
  'approval_voted',
  'approval_granted',
  'approval_consumed',
  'queued',
  'leased',
  'released',
  'succeeded',
  'failed',
  'canceled',
  'expired',
  'denied',
  'dead_lettered',
  'unknown_effect',
  'artifact',
  'late_result',
  'audit',
] as const;
/** One of the arrows. */
export type ArrowType = (typeof ARROWS)[number];

/** Where a dispatch stands. `fence` is the number of its newest lease, and so the count of its attempts; 0 before the first. */
export interface Standing {
  readonly phase: Phase;
  readonly fence: number;
}

/** One thing that happens. A fence says on behalf of which lease; without one it is the orchestrator's own decision. */
export interface Happening {
  readonly type: ArrowType;
  readonly fence?: number | undefined;
}

/** Why nothing happened: it is over already, the lease is not the newest, or the arrow does not start here. */
export type Refusal = 'final' | 'stale_fence' | 'not_from_here';

/** Before anything was written. */
export const RECEIVED: Standing = { phase: 'RECEIVED', fence: 0 };

/**
 * Where `happening` leads, or why it does not. The first terminal wins (PROM-P5); a lease takes the next fence (INV7);
 * nothing follows a terminal but a late result or an audit note (INV4).
 */
export function transition(standing: Standing, happening: Happening): Standing | Refusal {
  const { phase, fence } = standing;
  const arrow = TABLE[happening.type];
  if (isTerminal(phase) && arrow.to !== 'same') return 'final';
  if (!arrow.from.includes(phase)) return isTerminal(phase) ? 'final' : 'not_from_here';
  if (happening.type === 'late_result' || happening.type === 'audit') return standing;
  if (happening.type === 'leased') {
    return happening.fence === fence + 1 ? { phase: 'LEASED', fence: fence + 1 } : 'stale_fence';
  }
  const is_fenced = happening.fence !== undefined || arrow.needs_fence === true;
  if (is_fenced && happening.fence !== fence) return 'stale_fence';
  return arrow.to === 'same' || arrow.stays?.includes(phase) ? standing : { phase: arrow.to, fence };
}

/** A terminal phase never changes again. */
export const isTerminal = (phase: Phase): boolean => TERMINAL.includes(phase);

/** Tells a place from a reason. */
export const isRefusal = (outcome: Standing | Refusal): outcome is Refusal => typeof outcome === 'string';

interface Arrow {
  from: readonly Phase[];
  to: Phase | 'same';
  /** From these it leads nowhere else: it is told in the middle of work. */
  stays?: readonly Phase[];
  /** Only under the newest fence. */
  needs_fence?: boolean;
}

const TERMINAL: readonly Phase[] = [
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'EXPIRED',
  'DENIED',
  'DEAD_LETTERED',
  'UNKNOWN_EFFECT',
];
const OPEN: readonly Phase[] = ['ACCEPTED', 'WAITING_APPROVAL', 'QUEUED', 'LEASED'];

const TABLE: Readonly<Record<ArrowType, Arrow>> = {
  accepted: { from: ['RECEIVED'], to: 'ACCEPTED' },
  // Again from WAITING_APPROVAL: the policy or the agent is another one after a restart, so it is asked anew.
  approval_asked: {
    from: ['ACCEPTED', 'QUEUED', 'WAITING_APPROVAL', 'LEASED'],
    to: 'WAITING_APPROVAL',
    stays: ['LEASED'],
  },
  approval_voted: { from: ['WAITING_APPROVAL', 'LEASED'], to: 'same' },
  approval_granted: { from: ['WAITING_APPROVAL', 'LEASED'], to: 'QUEUED', stays: ['LEASED'] },
  // An effect is about to be: never after the end, never under a lease that was given on (INV13, INV7).
  approval_consumed: { from: ['LEASED'], to: 'same', needs_fence: true },
  queued: { from: ['ACCEPTED'], to: 'QUEUED' },
  leased: { from: ['QUEUED'], to: 'LEASED' },
  released: { from: ['LEASED'], to: 'QUEUED', needs_fence: true },
  // Also from QUEUED: a lease that was given up, while nobody took over; or fence 0, the orchestrator's own doing.
  succeeded: { from: ['QUEUED', 'LEASED'], to: 'SUCCEEDED', needs_fence: true },
  failed: { from: OPEN, to: 'FAILED' },
  canceled: { from: OPEN, to: 'CANCELLED' },
  expired: { from: OPEN, to: 'EXPIRED' },
  denied: { from: OPEN, to: 'DENIED' },
  dead_lettered: { from: ['QUEUED', 'LEASED'], to: 'DEAD_LETTERED' },
  unknown_effect: { from: ['LEASED'], to: 'UNKNOWN_EFFECT' },
  artifact: { from: OPEN, to: 'same' },
  late_result: { from: [...OPEN, ...TERMINAL], to: 'same' },
  audit: { from: [...OPEN, ...TERMINAL], to: 'same' },
};
