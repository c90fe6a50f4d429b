/** One text for one value: canonical JSON (RFC 8785), and the digest of it. */
import canonicalize from 'canonicalize';
import { sha256Of } from '../seams/index.ts';

/** The canonical JSON of a value; throws on what JSON cannot say. */
function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('this value has no JSON');
  return text;
}

/** SHA-256 over the canonical JSON, hex: card digests, parameter hashes, idempotency. */
export const digestOf = (value: unknown): string => sha256Of(canonicalJson(value));
