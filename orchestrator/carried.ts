/** What an asker's `_meta` says that the mesh only carries: it travels on with the task, bounded and unread (wire.md 5). */
import { z } from 'zod';
import { AuroraError, invalidParams, Routing } from '../protocol/index.ts';
import { isOver } from './events.ts';
import { isTraceparent } from './routing.ts';

/** What travels beside what the orchestrator writes itself. */
export const Carried = z.object({
  /** `tracestate`, and keys that the mesh does not know. */
  meta: z.record(z.string(), z.unknown()),
  /** With keys that the mesh does not know: none of them is a name of our own. */
  handoff: z.looseObject({
    refs: z
      .looseObject({
        alert_id: z.string().max(128).optional(),
        case_id: z.string().max(128).optional(),
        attack_id: z.string().max(128).optional(),
      })
      .optional(),
    untrusted: z.array(z.string().max(256).refine(isPointer)).max(64).optional(),
    idempotency_key: z.string().max(256).optional(),
  }),
});
export type Carried = z.infer<typeof Carried>;

/**
 * Reads what is to travel on from an asker's `_meta`. A child's task carries on what its parent's does; only people may say what
 * in the params is not an attacker's. Throws -32602 on what is malformed, 4130 on more than 4 KiB.
 */
export function readCarried(
  meta: unknown,
  asked: { parent: { carried?: Carried | undefined } | undefined; idempotency_key: string | undefined },
): Carried | undefined {
  const { parent } = asked;
  const parsed = AskerMeta.safeParse(meta);
  if (!parsed.success) throw invalidParams(parsed.error);
  const { traceparent, progress_token: _token, handoff: own, tracestate, ...unknown } = parsed.data;
  const { refs: _refs, untrusted: _untrusted, idempotency_key: _key, ...above } = parent?.carried?.handoff ?? {};
  const is_traced = tracestate !== undefined && isTraceparent(traceparent ?? '');
  const idempotency_key = asked.idempotency_key ?? own.idempotency_key;
  const refs = { ...parent?.carried?.handoff.refs, ...own.refs };
  const carried: Carried = {
    meta: { ...parent?.carried?.meta, ...unknown, ...(is_traced && { tracestate }) },
    handoff: {
      ...above,
      ...foreign(own),
      ...(Object.keys(refs).length > 0 && { refs }),
      ...(own.untrusted && !parent && { untrusted: own.untrusted }),
      ...(idempotency_key !== undefined && { idempotency_key }),
    },
  };
  if (Object.keys(carried.meta).length + Object.keys(carried.handoff).length === 0) return undefined;
  if (isOver(carried, CARRIED_BYTES_MAX)) {
    const message = `What _meta carries may have ${CARRIED_BYTES_MAX} bytes`;
    throw new AuroraError(4130, { message, detail: { bytes_max: CARRIED_BYTES_MAX } });
  }
  return carried;
}

/** What goes on to a task that this one starts by itself. */
export const inherited = ({ carried }: { carried?: Carried | undefined }): Carried | undefined =>
  readCarried({}, { parent: { carried }, idempotency_key: undefined });

/** What is no word of the mesh: whatever it writes itself, or reads from whoever asks, is not carried. */
const foreign = (handoff: object): object =>
  Object.fromEntries(Object.entries(handoff).filter(([name]) => !OWN_NAMES.has(name)));

const AskerMeta = z.looseObject({
  traceparent: z.string().max(128).optional(),
  tracestate: z.string().max(512).optional(),
  progress_token: z.unknown().optional(),
  handoff: Carried.shape.handoff.default({}),
});

/** A JSON pointer (RFC 6901). */
function isPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)*$/.test(text);
}

/** `operation` is how the API says which of its ways was taken. */
const OWN_NAMES = new Set([...Object.keys(Routing.shape), 'operation']);
const CARRIED_BYTES_MAX = 4_096;
