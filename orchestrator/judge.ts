/** What the policy says of an action; one that throws, or gives no answer in time, denies (ATK-F8). */
import { AuroraError } from '../protocol/index.ts';
import type { Clock, Log } from '../seams/index.ts';
import type { Action, Decision, Policy } from './policy.ts';

/** Answers at once where the policy does; never throws. */
export type Judge = (action: Action) => Decision | Promise<Decision>;

/** Makes the judge of a policy; one that fails denies (ATK-F8). */
export function createJudge({ policy, clock, log }: { policy: Policy; clock: Clock; log: Log }): Judge {
  return (action) => {
    try {
      const decision = policy.decide(action);
      return decision instanceof Promise ? inTime(decision) : decision;
    } catch (reason) {
      return broken(reason);
    }
  };

  function inTime(decision: Promise<Decision>): Promise<Decision> {
    return new Promise((resolve) => {
      const stop = clock.after(POLICY_MS_MAX, () => resolve(broken(new Error('it did not answer in time'))));
      void decision.catch(broken).then(resolve).finally(stop);
    });
  }

  function broken(reason: unknown): Decision {
    log.error({ err: reason }, 'the policy failed: everything is denied');
    return { answer: 'deny', reason: 'the policy gave no answer' };
  }
}

/** Throws 4031 with the policy's reason where it denies. */
export function assertNotDenied({ answer, reason }: Decision): void {
  if (answer === 'deny') throw new AuroraError(4031, { message: `Denied by policy: ${reason}` });
}

const POLICY_MS_MAX = 1_000;
