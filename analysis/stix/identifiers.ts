/** Ids that follow from content alone, so that the same export has the same ids (UUID version 5, RFC 9562). */
import { createHash } from 'node:crypto';

/** The id of an object we write: the same kind and content, the same id. */
export const idOf = (type: string, content: unknown): string => `${type}--${uuidOf(OURS, JSON.stringify(content))}`;

/** The id of an observable, as STIX 2.1 (2.9) prescribes it for properties that are one string or one digest. */
export const observableIdOf = (type: string, contributing: object): string =>
  `${type}--${uuidOf(STIX, JSON.stringify(contributing))}`;

function uuidOf(namespace: string, name: string): string {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The namespace that STIX 2.1 gives observables; others must not use it. */
const STIX = '00abedb4-aa42-466c-9c01-fed23350d7f4';
const OURS = '8f4a1c4e-6d0b-4a57-9b0e-2f7c0b6d1e93';
