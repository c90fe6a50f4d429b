/** The digest of a value that two parties can agree on: SHA-256 over its canonical JSON (RFC 8785). */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** In hex; undefined for what JSON cannot say. */
export function digestOf(value: unknown): string | undefined {
  const text = canonicalize(value);
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex');
}
