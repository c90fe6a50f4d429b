/** Alerts: the wiring, one line a route. */
import { alertRoutes, type BoundRoute } from '../../protocol/index.ts';
import type { Alerts } from '../../soc/index.ts';
import { doerIn } from '../doer.ts';

/** The routes with their acts. */
export function bindAlerts({ alerts }: { alerts: Alerts }): BoundRoute[] {
  return [
    alertRoutes.list.implement((query) => alerts.list(query)),
    alertRoutes.create.implement(async ({ on_duplicate, ...asked }, context) => {
      const { alert, is_new } = await alerts.create(doerIn(context), asked, on_duplicate);
      if (!is_new) context.answer(200);
      return alert;
    }),
    alertRoutes.bulk.implement(async (asked, context) => {
      const items = await alerts.createMany(doerIn(context), asked.alerts);
      const count = (status: string) => items.filter((item) => item.status === status).length;
      return { items, created: count('created'), duplicates: count('duplicate'), refused: count('refused') };
    }),
    alertRoutes.get.implement(({ alert_id }) => alerts.get(alert_id)),
    alertRoutes.update.implement(({ alert_id, ...change }, context) =>
      alerts.update(doerIn(context), alert_id, change, context.if_match),
    ),
    alertRoutes.acknowledge.implement(({ alert_id }, context) => alerts.acknowledge(doerIn(context), alert_id)),
  ];
}
