/** Whether those whose word an action rests on may still give it: people leave, and lose rights, while a question waits (INV13, ATK-D6). */
import type { Pins } from '../mesh/index.ts';
import type { Approval } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** Whether somebody who gave their word at that time, ISO, may give it now; another person of the same name since may not. */
export type Standing = (word: Word) => boolean | Promise<boolean>;

/** Who asked for an action or approved it, and when. */
export interface Word {
  sub: string;
  as: 'requester' | 'approver';
  at: string;
}

/** Operators stand while their key is pinned; of users others know, and where nobody does, they stand. */
export function standingOf(pins: Pins, ofUsers: Standing = () => true): Standing {
  return (word) => (word.sub.startsWith('operator:') ? pins.of(word.sub)?.role === 'operator' : ofUsers(word));
}

/** Whose word no longer counts: the requester's, and those of approvers. */
export interface Fallen {
  requester: string | undefined;
  approvers: string[];
}

/** Looks at everybody that an approval rests on. */
export async function fallenOf(
  standing: Standing,
  { actor, created_at }: TaskRow,
  { votes }: Pick<Approval, 'votes'>,
): Promise<Fallen> {
  const approvers: string[] = [];
  for (const { by, at, decision } of votes) {
    if (decision === 'approve' && !(await standing({ sub: by, as: 'approver', at }))) approvers.push(by);
  }
  const stands = await standing({ sub: actor.sub, as: 'requester', at: created_at });
  return { requester: stands ? undefined : actor.sub, approvers };
}

/** The sentence that says so; undefined while everybody stands. */
export function lapseIn({ requester, approvers }: Fallen): string | undefined {
  if (requester !== undefined) return `${requester}, who asked for it, may no longer do so`;
  return approvers.length > 0 ? `${approvers.join(', ')} approved it and may no longer decide` : undefined;
}
