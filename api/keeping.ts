/** Answers kept in the transaction of what they tell (T06, PROM-P2): whoever dies between the two would do it twice. */
import type { AuroraError, RouteContext } from '../protocol/index.ts';
import type { KeepAnswer } from '../soc/index.ts';

/** What an act made, as its route answers it; of an answer with a secret that is shown once only what is told without it. */
export type Made = Answered | Refused | { lost: LostSecret };

interface Answered {
  output: unknown;
  /** The route's own unless said. */
  status?: number;
}

/** A refusal that changed something all the same: whoever repeats the request is refused alike, and changes nothing more. */
interface Refused {
  refusal: AuroraError;
}

/** Told to whoever repeats a request whose answer held a secret: that may be lost for good. */
export interface LostSecret {
  /** What it belonged to. */
  [what: string]: string;
  /** A sentence of what to do where it did not arrive. */
  next: string;
}

/** Lets the act of this request keep its answer. */
export function letKeep(context: RouteContext, keep: KeepAnswer<Made>): void {
  KEEPERS.set(context, keep);
}

/** What keeps the answer in a transaction, for the act of this request; undefined when nobody may ask for it again. */
export function keepIn<T>(context: RouteContext, toMade: (made: T) => Made): KeepAnswer<T> | undefined {
  const keep = KEEPERS.get(context);
  return keep && ((trx, made) => keep(trx, toMade(made)));
}

const KEEPERS = new WeakMap<RouteContext, KeepAnswer<Made>>();
