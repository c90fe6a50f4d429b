/** Questions to people, and their answers: the wiring. */
import { findApproval, stateAt, taskIdIn, type Ledger } from '../../orchestrator/index.ts';
import {
  Approval,
  ApprovalPage,
  approvalRoutes,
  AuroraError,
  type BoundRoute,
  type RouteContext,
} from '../../protocol/index.ts';
import type { Clock } from '../../seams/index.ts';
import type { Audit } from '../../soc/index.ts';
import type { Desk } from '../desk.ts';
import { doerIn } from '../doer.ts';
import { pageBehind } from '../pages.ts';

/** What the routes of approvals work on. */
export interface ApprovalDeps {
  clock: Clock;
  desk: Desk;
  ledger: Pick<Ledger, 'get'>;
  audit: Audit;
}

/** The routes with their acts. */
export function bindApprovals({ clock, desk, ledger, audit }: ApprovalDeps): BoundRoute[] {
  return [
    approvalRoutes.list.implement(({ limit, cursor, state }, context) =>
      pageBehind(['approvals', state], cursor, async (place) => {
        const query = { limit, ...(place !== undefined && { cursor: place }), ...(state && { state }) };
        return ApprovalPage.parse(await desk.ask(context, 'approval/list', query));
      }),
    ),
    approvalRoutes.get.implement(async ({ approval_id }) => {
      const approval = findApproval(await ledger.get(taskIdIn(approval_id)), approval_id);
      if (!approval) throw new AuroraError(4040, { message: 'No such approval', detail: { approval_id } });
      return { ...approval, state: stateAt(approval, clock.now()) };
    }),
    approvalRoutes.approve.implement((vote, context) => decide({ ...vote, decision: 'approve' }, context)),
    approvalRoutes.reject.implement((vote, context) => decide({ ...vote, decision: 'reject' }, context)),
  ];

  async function decide(
    vote: { approval_id: string; action_hash: string; note?: string | undefined; decision: 'approve' | 'reject' },
    context: RouteContext,
  ): Promise<Approval> {
    const { note, ...rest } = vote;
    const params = { ...rest, ...(note !== undefined && { note }) };
    const approval = Approval.parse(await desk.ask(context, 'approval/decide', params));
    const { approval_id, decision } = vote;
    await audit.write(doerIn(context), { action: `approval.${decision}`, target: approval_id });
    return approval;
  }
}
