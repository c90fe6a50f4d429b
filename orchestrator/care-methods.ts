/** `task/history`, `task/redrive`, `task/resolve`, `ledger/*`: how operators look after what was kept (wire.md 3). */
import type { Call, MethodHandler, Principal } from '../mesh/index.ts';
import { AuroraError, HistoryQuery, Redrive, Resolve } from '../protocol/index.ts';
import { oneAtATime, type Care } from './care.ts';
import { refsIn } from './handoff-meta.ts';
import { readHistory } from './history.ts';
import type { BlobStore } from './blobs.ts';
import type { Ledger } from './ledger.ts';
import { parse, withoutMeta } from './params.ts';
import { createRemedies, type RemedyDeps } from './remedies.ts';

/** What the methods work on. */
export interface CareMethodDeps extends Omit<RemedyDeps, 'hold' | 'ledger'> {
  ledger: Ledger;
  blobs: Pick<BlobStore, 'hold'>;
  care: Care | undefined;
  readonly operator: (call: Call) => Promise<Principal>;
  /** Throws 5030 while nothing new is accepted. */
  assertAccepting(): void;
}

/** Makes the methods by which people care for tasks, each with its name. */
export function createCareMethods(deps: CareMethodDeps): [string, MethodHandler][] {
  const { ledger, operator } = deps;
  const remedies = createRemedies({ ...deps, hold: (params, until) => deps.blobs.hold(refsIn(params), until) });
  const care = deps.care && oneAtATime(deps.care);
  return [
    [
      'task/history',
      async (params, call) => {
        await operator(call);
        return readHistory(ledger, parse(HistoryQuery, withoutMeta(params)));
      },
    ],
    [
      'task/redrive',
      async (params, call) => {
        deps.assertAccepting();
        const { id } = await operator(call);
        return remedies.redrive(id, parse(Redrive, withoutMeta(params)));
      },
    ],
    [
      'task/resolve',
      async (params, call) => {
        const { id } = await operator(call);
        return remedies.resolve(id, parse(Resolve, withoutMeta(params)));
      },
    ],
    ['ledger/verify', async (_params, call) => operator(call).then(() => ours().verify())],
    ['ledger/backup', async (_params, call) => operator(call).then(() => ours().backup())],
  ];

  function ours(): Care {
    if (!care) throw new AuroraError(4120, { message: 'This orchestrator keeps its ledger in memory only' });
    return care;
  }
}
