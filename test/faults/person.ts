/** Somebody who answers questions: a second operator, who asks for nothing and tells yes or no until it is heard. */
import { addOperator, connectOrchestrator, loadConfig } from '../../boot/index.ts';
import { isLinkLost, type Peer } from '../../mesh/index.ts';
import { Approval, ApprovalPage, AuroraError } from '../../protocol/index.ts';
import type { Kit, TestMesh } from './harness.ts';
import { until } from './waiting.ts';

/** The person. */
export interface Person {
  /** The question of a task, as it stands now; waits until there is one. */
  asked(task_id: string): Promise<Approval>;
  /** Says it once. Rejects as the orchestrator refuses, or when it is gone. */
  decide(question: Approval, decision: 'approve' | 'reject'): Promise<Approval>;
  /** Says it until it is heard: whoever finds it decided already is content. */
  insist(question: Approval, decision: 'approve' | 'reject'): Promise<void>;
}

/** Makes the person known to a mesh. */
export function personFor(kit: Kit, { data, url, flags }: TestMesh): Person {
  addOperator(loadConfig({ env: {}, flags }), NAME);
  let dialled: Promise<Peer> | undefined;
  kit.onEnd(async () => (await dialled?.catch(() => undefined))?.close(1000, 'done'));

  async function request(method: string, params: Record<string, unknown>): Promise<unknown> {
    const known = await dialled?.catch(() => undefined);
    if (!known?.link.open) dialled = connectOrchestrator({ url, data, operator: NAME, signal: bound() });
    return (await dialled)?.request(method, params, { timeout_ms: CALL_MS_MAX });
  }

  const find = async (task_id: string): Promise<Approval | undefined> => {
    const { items } = ApprovalPage.parse(await request('approval/list', { limit: 200 }));
    return items.find((one) => one.task_id === task_id);
  };
  const decide: Person['decide'] = async ({ approval_id, action_hash }, decision) =>
    Approval.parse(await request('approval/decide', { approval_id, action_hash, decision }));

  return {
    asked: (task_id) => until(`${task_id} asks`, () => find(task_id).catch(isAway)),
    decide,
    insist: async (question, decision) => {
      const isHeard = async () => (await decide(question, decision)) !== undefined;
      await until('it is heard', () => isHeard().catch((reason: unknown) => isDecided(reason) || isAway(reason)));
    },
  };
}

const isDecided = (reason: unknown): boolean => AuroraError.from(reason).code === 4090;

/** An answer that came too late, or to what is over. */
export const isRefusal = (reason: unknown): boolean => [4080, 4090].includes(AuroraError.from(reason).code);

/** Nobody there just now: ask again. What is no question of reaching it is thrown. */
function isAway(reason: unknown): false {
  const error = AuroraError.from(reason);
  if (isLinkLost(error) || error.code === 5030 || error.code === 5040) return false;
  throw error;
}

const bound = (): AbortSignal => AbortSignal.timeout(CALL_MS_MAX);
const NAME = 'eve';
const CALL_MS_MAX = 5_000;
