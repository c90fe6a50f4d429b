/** Bytes that a handoff speaks about: small ones inline, large ones by reference (wire.md 5). */
import { z } from 'zod';

/** Content kept under its own hash on the orchestrator's port. */
export const BlobRef = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
  media_type: z.string().max(128),
  name: z.string().max(255),
});
export type BlobRef = z.infer<typeof BlobRef>;

/**
 * One input of a skill: exactly one of `text`, `base64` and `ref`. Over `INLINE_BYTES_MAX` it must be a `ref`.
 * `name` is what findings cite as their source; it is data, never a path to open.
 */
export const Source = z
  .object({
    name: z.string().max(255).default('input'),
    text: z.string().optional(),
    base64: z.base64().optional(),
    ref: BlobRef.optional(),
  })
  .refine((source) => [source.text, source.base64, source.ref].filter((part) => part !== undefined).length === 1, {
    message: 'give exactly one of text, base64 and ref',
  })
  // The same rule as JSON Schema says it: who makes params from the published schema makes none that are refused.
  .meta({ oneOf: [{ required: ['text'] }, { required: ['base64'] }, { required: ['ref'] }] });
export type Source = z.infer<typeof Source>;

/** Params over this size travel as a reference, 256 KiB (wire.md 5). */
export const INLINE_BYTES_MAX = 262_144;
