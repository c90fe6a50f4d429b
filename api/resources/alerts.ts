/** Alerts: the wiring, one line a route. */
import { alertRoutes, AuroraError, errorCodeText, type BoundRoute, type BulkOutcome } from '../../protocol/index.ts';
import type { Alerts, Doer } from '../../soc/index.ts';
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
      const items = await createEach(alerts, doerIn(context), asked.alerts);
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

/** Each in its place: the door has refused some already. */
async function createEach(alerts: Alerts, by: Doer, entries: readonly unknown[]): Promise<BulkOutcome[]> {
  const places = entries.flatMap((entry, index) => (entry instanceof AuroraError ? [] : [index]));
  const kept =
    places.length === 0
      ? []
      : await alerts.createMany(
          by,
          places.map((index) => entries[index]),
        );
  const outcomes = new Map(kept.map((outcome) => [places[outcome.index], outcome]));
  return entries.flatMap((entry, index): BulkOutcome[] => {
    if (entry instanceof AuroraError) {
      const { code, message, detail } = entry;
      return [{ index, status: 'refused', error: { code: errorCodeText(code), message, detail } }];
    }
    const outcome = outcomes.get(index);
    return outcome ? [{ ...outcome, index }] : [];
  });
}
