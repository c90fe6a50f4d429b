/** Who must know that an approval waits is told: one call at a time, and what came meanwhile goes together (ATK-F10). */
import type { Approval } from '../protocol/index.ts';
import type { Clock, Log } from '../seams/index.ts';

/** Tells people, e.g. over a webhook; what it throws is logged. Several are one message. */
export type NotifyWaiting = (approvals: readonly Approval[]) => Promise<void> | void;

/** Makes what takes approvals that wait. A notifier that hangs is given up after a while and never holds anything up. */
export function createNotices(deps: { clock: Clock; log: Log; notify: NotifyWaiting }): (approval: Approval) => void {
  const { clock, log, notify } = deps;
  let gathered: Approval[] = [];
  let is_telling = false;

  return (approval) => {
    if (gathered.length >= GATHERED_MAX) gathered.shift(); // `approval/list` still has it
    gathered.push(approval);
    if (!is_telling) void tell(); // never rejects
  };

  async function tell(): Promise<void> {
    is_telling = true;
    while (gathered.length > 0) {
      const told = gathered;
      gathered = [];
      await inTime(told).catch((reason: unknown) => {
        const approval_ids = told.map(({ approval_id }) => approval_id);
        log.warn({ approval_ids, err: reason }, 'nobody could be told that approvals wait');
      });
    }
    is_telling = false;
  }

  function inTime(told: readonly Approval[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = clock.after(NOTIFY_MS_MAX, () => reject(new Error('the notifier hangs')));
      void Promise.resolve()
        .then(() => notify(told))
        .then(resolve, reject)
        .finally(stop);
    });
  }
}

/** Approvals that wait for their notice. */
const GATHERED_MAX = 100;
const NOTIFY_MS_MAX = 10_000;
