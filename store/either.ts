/** Steps that may have to be waited for, and need not be: a synchronous road never leaves its turn. */

/** What is there now, or later. */
export type Either<T> = T | Promise<T>;

/** Goes on with `value` as soon as it is there: at once when it is there already. */
export function after<T, U>(value: Either<T>, go: (value: T) => Either<U>): Either<U> {
  return value instanceof Promise ? value.then(go) : go(value);
}

/** Runs `run`; whatever it throws, now or later, goes to `fail`. */
export function attempt<T>(run: () => Either<T>, fail: (reason: unknown) => Either<T>): Either<T> {
  try {
    const value = run();
    return value instanceof Promise ? value.catch(fail) : value;
  } catch (reason) {
    return fail(reason);
  }
}

/** Lets everything else that waits have its turn: what SQLite answers at once leaves no room for it. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
