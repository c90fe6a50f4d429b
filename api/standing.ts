/** Whether users may still do what they did: what an action rests on counts only while they are here and hold the right (ATK-B4). */
import type { Standing } from '../orchestrator/index.ts';
import { permissionsOf, type Permission } from '../protocol/index.ts';
import type { Users } from '../soc/index.ts';

/** Looks users up as they are now; whoever is no user is judged by others. */
export function createStanding(users: Pick<Users, 'find'>): Standing {
  return async ({ sub, as, at }) => {
    const [, username] = /^user:(.+)$/s.exec(sub) ?? [];
    if (username === undefined) return true;
    const user = await users.find(username);
    if (!user || user.disabled || Date.parse(user.created_at) > Date.parse(at)) return false;
    return permissionsOf(user.role).includes(NEEDED[as]);
  };
}

const NEEDED: Readonly<Record<'requester' | 'approver', Permission>> = {
  requester: 'investigations:write',
  approver: 'approvals:decide',
};
