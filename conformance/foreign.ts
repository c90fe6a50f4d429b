/** Names of hosts that are not the peer's: a browser that was led astray says them. */
import type { Subject } from './subject.ts';

/** A name that has nothing to do with the peer. */
export const FOREIGN_HOST = 'rebound.example';

/** Names of others that look like the peer's to who compares only one end of them. */
export function likeNames({ dialled }: Pick<Subject, 'dialled'>): string[] {
  const { hostname, port } = new URL(`ws://${dialled}`);
  return [`${dialled}.${FOREIGN_HOST}`, `${hostname}.${FOREIGN_HOST}:${port}`, `${FOREIGN_HOST}.${dialled}`];
}
