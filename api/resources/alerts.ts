/** Alerts: the wiring, one line a route. */
import { alertRoutes, type BoundRoute, type BulkOutcome } from '../../protocol/index.ts';
import type { Alerts, KeptAlert } from '../../soc/index.ts';
import { doerIn } from '../doer.ts';
import { keepIn, type Made } from '../keeping.ts';

/** The routes with their acts. */
export function bindAlerts({ alerts }: { alerts: Alerts }): BoundRoute[] {
  return [
    alertRoutes.list.implement((query) => alerts.list(query)),
    alertRoutes.create.implement(async ({ on_duplicate, ...asked }, context) => {
      const keepAnswer = keepIn(context, toMade);
      const { alert, is_new } = await alerts.create(doerIn(context), asked, on_duplicate, keepAnswer);
      if (!is_new) context.answer(200);
      return alert;
    }),
    alertRoutes.bulk.implement(async (asked, context) => {
      const keepAnswer = keepIn(context, (items: BulkOutcome[]) => ({ output: toCounted(items) }));
      return toCounted(await alerts.createMany(doerIn(context), asked.alerts, keepAnswer));
    }),
    alertRoutes.get.implement(({ alert_id }) => alerts.get(alert_id)),
    alertRoutes.update.implement(({ alert_id, ...change }, context) =>
      alerts.update(doerIn(context), alert_id, change, context.if_match),
    ),
    alertRoutes.acknowledge.implement(({ alert_id }, context) => alerts.acknowledge(doerIn(context), alert_id)),
  ];
}

const toMade = ({ alert, is_new }: KeptAlert): Made => ({ output: alert, ...(!is_new && { status: 200 }) });

function toCounted(items: BulkOutcome[]) {
  const count = (status: string) => items.filter((item) => item.status === status).length;
  return { items, created: count('created'), duplicates: count('duplicate'), refused: count('refused') };
}
