/** How the parts are, for probes (R22–R24, T03). */
import type { OrchestratorHealth } from '../orchestrator/index.ts';
import type { Health } from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';

/** What is looked at. */
export interface HealthDeps {
  clock: Clock;
  orchestrator: { health(): OrchestratorHealth };
  streams: () => { count: number; max: number };
  /** A question that only a database that answers can answer. */
  askDatabase: () => Promise<unknown>;
}

/** Looks at the database, the orchestrator, the agents and the streams; the worst of them is the whole. */
type LookAtHealth = () => Promise<Health>;

/** Whoever is there may ask, as often as they like: the database is asked once for all who come within `SHARED_MS`. */
export function createHealth(deps: HealthDeps): LookAtHealth {
  const { clock, askDatabase } = deps;
  let look: { at: number; is_read: Promise<boolean> } | undefined;
  return async () => {
    const started = clock.monotonic();
    if (!look || started - look.at >= SHARED_MS) {
      const is_read = askDatabase().then(
        () => true,
        () => false,
      );
      look = { at: started, is_read };
    }
    return toHealth(deps, { started, is_read: await look.is_read });
  };
}

function toHealth(
  { clock, orchestrator, streams }: HealthDeps,
  { started, is_read }: { started: number; is_read: boolean },
): Health {
  const { ledger, agents, status, tasks_open } = orchestrator.health();
  const offline = agents.filter(({ state }) => state === 'offline').map(({ agent_id }) => agent_id);
  const { count, max } = streams();
  const database: Part =
    ledger.state === 'ok' && is_read
      ? { status: 'healthy', message: 'reads and writes' }
      : { status: 'unhealthy', message: 'cause' in ledger ? ledger.cause : is_read ? ledger.state : 'cannot be read' };
  const checks = {
    database,
    orchestrator: part(status !== 'draining', `${tasks_open} tasks open`, 'draining'),
    agents: part(
      offline.length === 0,
      `${agents.length} of ${agents.length} online`,
      `${agents.length - offline.length} of ${agents.length} online; away: ${offline.join(', ')}`,
    ),
    streams: part(count < max, `${count} open`, `${count} open, which is all there may be`),
  };
  const parts = Object.values(checks).map((each) => each.status);
  return {
    overall_status: parts.includes('unhealthy') ? 'unhealthy' : parts.includes('degraded') ? 'degraded' : 'healthy',
    timestamp: toIso(clock.now()),
    response_time_ms: Math.round(clock.monotonic() - started),
    checks,
  };
}

type Part = Health['checks']['database'];

const part = (is_well: boolean, well: string, otherwise: string): Part =>
  is_well ? { status: 'healthy', message: well } : { status: 'degraded', message: otherwise };

/** How long one look at the database counts, ms: a probe asks less often. */
const SHARED_MS = 500;
