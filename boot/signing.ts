/** Signatures of the orchestrator over what leaves its database: an Ed25519 signature under a name of its own. */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** Signs, and knows its own signatures again. */
export interface Signing {
  readonly sign: (text: string) => string;
  readonly verify: (text: string, signature: string) => boolean;
}

/** With the process's own key. A signature made for anything else does not count here, nor this one elsewhere. */
export function anchorSigning(key: KeyObject): Signing {
  const public_key = createPublicKey(key);
  const bytesOf = (text: string) => Buffer.from(`aurora-mesh-anchor-v1\0${text}`);
  return {
    sign: (text) => sign(null, bytesOf(text), key).toString('base64url'),
    verify: (text, signature) => verify(null, bytesOf(text), public_key, Buffer.from(signature, 'base64url')),
  };
}
