/** Digests of what may hold a password, kept under a key that is not where they lie. */
import { createHmac, hkdfSync, type KeyObject } from 'node:crypto';

/**
 * With a secret from the process's own key, which a standby has too: whoever has a dump of the database tries no passwords on what
 * it gives, as they could on a bare digest (ATK-B11).
 */
export function digestSealing(key: KeyObject): (digest: string) => string {
  const bytes = key.export({ type: 'pkcs8', format: 'der' });
  const secret = Buffer.from(hkdfSync('sha256', bytes, '', 'aurora kept answers', SECRET_BYTES));
  return (digest) => createHmac('sha256', secret).update(digest).digest('hex');
}

const SECRET_BYTES = 32;
