/** One text for one value: canonical JSON (RFC 8785), and the digest of it. */
import canonicalize from 'canonicalize';
import { sha256Of } from '../seams/index.ts';

/** The canonical JSON of a value; throws on what JSON cannot say. */
function canonicalJson(value: unknown): string {
  const text = isOrdered(value) ? JSON.stringify(value) : canonicalize(value);
  if (text === undefined) throw new Error('this value has no JSON');
  return text;
}

/** SHA-256 over the canonical JSON, hex: card digests, parameter hashes, idempotency. */
export const digestOf = (value: unknown): string => sha256Of(canonicalJson(value));

/** Whether a value's own JSON is canonical already: its members stand in order, at every depth. Most that machines send do. */
function isOrdered(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isOrdered);
  if (typeof value !== 'object' || !PLAIN.has(Object.getPrototypeOf(value))) return false;
  let before = '';
  for (const [name, member] of Object.entries(value)) {
    if (name < before || !isOrdered(member)) return false;
    before = name;
  }
  return true;
}

const PLAIN = new Set<unknown>([Object.prototype, null]);
