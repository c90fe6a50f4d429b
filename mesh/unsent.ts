/** What the other ends of a port have not taken yet, all together: over the bound whoever owes most is cut (ATK-I4, PROM-P8). */
import type { Clock } from '../seams/index.ts';
import type { Link } from './link.ts';

/** An end that may owe. */
export interface Debtor {
  readonly link: Pick<Link, 'unsent_bytes' | 'open'>;
  /** Strangers are cut first. */
  readonly is_trusted: boolean;
  dropUnread(): void;
}

/** All debtors of a port. */
export interface UnsentOfAll {
  /** Call after something was sent that may not have left. */
  note(debtor: Debtor): void;
}

/** Makes the sum of one port: 128 MiB unless said. */
export function createUnsentOfAll({
  clock,
  bytes_max = BYTES_MAX,
}: {
  clock: Clock;
  bytes_max?: number | undefined;
}): UnsentOfAll {
  const debtors = new Set<Debtor>();
  let is_looking = false;

  const lookLater = () => {
    is_looking = true;
    clock.after(LOOK_MS, look);
  };

  const look = () => {
    is_looking = false;
    let sum = 0;
    for (const debtor of debtors) {
      const { unsent_bytes, open } = debtor.link;
      if (open && unsent_bytes > SMALL_BYTES) sum += unsent_bytes;
      else debtors.delete(debtor);
    }
    if (sum > bytes_max) cut(sum);
    if (debtors.size > 0) lookLater();
  };

  const cut = (sum: number) => {
    const worst_first = [...debtors].sort(
      (one, other) =>
        Number(one.is_trusted) - Number(other.is_trusted) || other.link.unsent_bytes - one.link.unsent_bytes,
    );
    let left = sum;
    for (const debtor of worst_first) {
      if (left <= bytes_max) return;
      left -= debtor.link.unsent_bytes;
      debtors.delete(debtor);
      debtor.dropUnread();
    }
  };

  return {
    note(debtor) {
      if (debtor.link.unsent_bytes <= SMALL_BYTES) return;
      debtors.add(debtor);
      if (!is_looking) lookLater();
    },
  };
}

const BYTES_MAX = 134_217_728;
/** What is not counted of one link, bytes: of as many as a port takes 64 MiB. */
const SMALL_BYTES = 4_096;
const LOOK_MS = 50;
