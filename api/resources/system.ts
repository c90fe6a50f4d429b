/** The installation itself: the wiring. */
import { systemRoutes, type BoundRoute, type Mode, type RuntimeSettings } from '../../protocol/index.ts';
import { toIso, type Clock, type Metrics } from '../../seams/index.ts';
import type { Audit, Settings } from '../../soc/index.ts';
import { callerIn } from '../desk.ts';
import { doerIn } from '../doer.ts';
import { createHealth, type HealthDeps } from '../health.ts';
import type { Tickets } from '../tickets.ts';

/** What the routes of settings and health work on. */
export interface SystemDeps extends HealthDeps {
  clock: Clock;
  metrics: Pick<Metrics, 'text'>;
  settings: Settings;
  audit: Audit;
  tickets: Tickets;
  document: () => Record<string, unknown>;
  /** Why no new work is taken; empty when it is. */
  unready: () => string[];
  mode: () => Mode;
  configured_mode: Mode;
  setMode: (mode: Mode) => void;
  /** Throws when a mode is not possible here. */
  assertMode: (mode: Mode) => void;
  fixed: RuntimeSettings['fixed'];
}

/** The routes with their acts. */
export function bindSystem(deps: SystemDeps): BoundRoute[] {
  const { clock, settings, audit, tickets } = deps;
  const now = () => toIso(clock.now());
  const lookAtHealth = createHealth(deps);

  return [
    systemRoutes.settings.implement(toSettings),
    systemRoutes.updateSettings.implement(async (change, context) => {
      if (change.mode !== undefined) deps.assertMode(change.mode);
      await settings.change(doerIn(context), change, context.if_match);
      if (change.mode !== undefined) deps.setMode(change.mode);
      return toSettings();
    }),
    systemRoutes.audit.implement((query) => audit.list(query)),
    systemRoutes.metrics.implement(() => deps.metrics.text()),
    systemRoutes.ticket.implement((_input, context) =>
      tickets.issue({ caller: callerIn(context), until: context.proof_until }),
    ),
    systemRoutes.openapi.implement(() => deps.document()),
    systemRoutes.health.implement(async (_input, context) => {
      const health = await lookAtHealth();
      if (health.overall_status === 'unhealthy') context.answer(503);
      return health;
    }),
    systemRoutes.liveness.implement(() => ({ status: 'alive', timestamp: now() })),
    systemRoutes.readiness.implement((_input, context) => {
      const causes = deps.unready();
      if (causes.length > 0) context.answer(503);
      return { status: causes.length > 0 ? 'not_ready' : 'ready', causes, timestamp: now() };
    }),
  ];

  function toSettings(): RuntimeSettings {
    const { limits, duplicate_window_hours, version, updated_at, updated_by } = settings.now();
    const { configured_mode, fixed } = deps;
    const about = { version, updated_at, updated_by };
    return { mode: deps.mode(), configured_mode, limits, duplicate_window_hours, fixed, ...about };
  }
}
