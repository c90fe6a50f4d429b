/** Alerts: the wiring, one line a route. */
import { alertRoutes, AuroraError, errorCodeText, type BoundRoute, type BulkOutcome } from '../../protocol/index.ts';
import { refusedAsDuplicate, type Alerts, type KeptAlert } from '../../soc/index.ts';
import { doerIn } from '../doer.ts';
import { keepIn, type Made } from '../keeping.ts';

/** The routes with their acts. */
export function bindAlerts({ alerts }: { alerts: Alerts }): BoundRoute[] {
  return [
    alertRoutes.list.implement((query) => alerts.list(query)),
    alertRoutes.create.implement(async ({ on_duplicate, ...asked }, context) => {
      const keepAnswer = keepIn(context, ({ alert, is_new }: KeptAlert): Made => {
        if (is_new) return { output: alert };
        return on_duplicate === 'refuse' ? { refusal: refusedAsDuplicate(alert) } : { output: alert, status: 200 };
      });
      const { alert, is_new } = await alerts.create(doerIn(context), asked, on_duplicate, keepAnswer);
      if (!is_new) context.answer(200);
      return alert;
    }),
    alertRoutes.bulk.implement(async (asked, context) => {
      const { admitted, inPlace } = sortedOut(asked.alerts);
      const answer = (kept: readonly BulkOutcome[]) => toCounted(inPlace(kept));
      const keepAnswer = keepIn(context, (kept: BulkOutcome[]) => ({ output: answer(kept) }));
      return answer(admitted.length === 0 ? [] : await alerts.createMany(doerIn(context), admitted, keepAnswer));
    }),
    alertRoutes.get.implement(({ alert_id }) => alerts.get(alert_id)),
    alertRoutes.update.implement(({ alert_id, ...change }, context) =>
      alerts.update(doerIn(context), alert_id, change, context.if_match),
    ),
    alertRoutes.acknowledge.implement(({ alert_id }, context) =>
      alerts.acknowledge(doerIn(context), alert_id, context.if_match),
    ),
  ];
}

/** What the door let in, and how what became of it stands beside what it refused. */
function sortedOut(entries: readonly unknown[]) {
  const places = entries.flatMap((entry, index) => (entry instanceof AuroraError ? [] : [index]));
  return {
    admitted: places.map((index) => entries[index]),
    inPlace: (kept: readonly BulkOutcome[]): BulkOutcome[] => {
      const outcomes = new Map(kept.map((outcome) => [places[outcome.index], outcome]));
      return entries.flatMap((entry, index): BulkOutcome[] => {
        if (entry instanceof AuroraError) {
          const { code, message, detail } = entry;
          return [{ index, status: 'refused', error: { code: errorCodeText(code), message, detail } }];
        }
        const outcome = outcomes.get(index);
        return outcome ? [{ ...outcome, index }] : [];
      });
    },
  };
}

function toCounted(items: BulkOutcome[]) {
  const count = (status: string) => items.filter((item) => item.status === status).length;
  return { items, created: count('created'), duplicates: count('duplicate'), refused: count('refused') };
}
