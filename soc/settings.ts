/** What can be set while it runs, kept over restarts. */
import { z } from 'zod';
import { AuroraError, Mode } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import type { Audit, Doer } from './audit.ts';
import type { SocDeps } from './soc.ts';

/** What is stored; `mode` only once somebody chose one. */
export const StoredSettings = z.object({
  mode: Mode.optional(),
  limits: z.object({ user_minute_max: z.number(), chat_minute_max: z.number(), key_minute_max: z.number() }),
  duplicate_window_hours: z.number(),
});
export type StoredSettings = z.infer<typeof StoredSettings>;

/** As long as nobody changed anything (R29, R30, T13). */
const SETTINGS_DEFAULT: StoredSettings = {
  limits: { user_minute_max: 100, chat_minute_max: 20, key_minute_max: 6_000 },
  duplicate_window_hours: 24,
};

/** The settings in force. */
export interface Settings {
  now(): StoredSettings & { version: number; updated_at: string | null; updated_by: string | null };
  /** Throws 4120 when `if_match` is not the version in force. */
  change(by: Doer, change: SettingsChange, if_match?: number): Promise<void>;
}

/** What somebody wants otherwise. */
export interface SettingsChange {
  mode?: Mode | undefined;
  limits?: { [K in keyof StoredSettings['limits']]?: number | undefined } | undefined;
  duplicate_window_hours?: number | undefined;
}

/** Reads what is stored: only the one owner of the database changes it, so what a change left is what is in force. */
export async function createSettings(deps: SocDeps & { audit: Audit }): Promise<Settings> {
  const { store, clock, audit } = deps;
  let now = await read(store.db);

  return {
    now: () => now,
    async change(by, { mode, limits, duplicate_window_hours }, if_match) {
      // Read where it is written: of two changes at once, the second one finds what the first one left.
      now = await store.asOwner(async (trx) => {
        const { version, updated_at: _at, updated_by: _by, ...before } = await read(trx);
        if (if_match !== undefined && if_match !== version) {
          throw new AuroraError(4120, { message: `The settings are at version ${version}`, detail: { version } });
        }
        const after: StoredSettings = {
          ...before,
          ...(mode && { mode }),
          limits: { ...before.limits, ...withoutUndefined(limits) },
          ...(duplicate_window_hours !== undefined && { duplicate_window_hours }),
        };
        const next = { version: version + 1, updated_at: toIso(clock.now()), updated_by: by.sub };
        const written = { name: ROW, value: JSON.stringify(after), ...next };
        await trx
          .insertInto('settings')
          .values(written)
          .onConflict((conflict) => conflict.column('name').doUpdateSet(written))
          .execute();
        await audit.within(trx, by, { action: 'settings.change', detail: { before, after } });
        return { ...after, ...next };
      });
    },
  };
}

async function read(db: SocDeps['store']['db']): Promise<ReturnType<Settings['now']>> {
  const row = await db.selectFrom('settings').selectAll().where('name', '=', ROW).executeTakeFirst();
  const stored = row && StoredSettings.safeParse(JSON.parse(row.value)).data;
  return {
    ...(stored ?? SETTINGS_DEFAULT),
    version: row?.version ?? 0,
    updated_at: row?.updated_at ?? null,
    updated_by: row?.updated_by ?? null,
  };
}

const withoutUndefined = (limits: SettingsChange['limits']): Partial<StoredSettings['limits']> =>
  Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined));

const ROW = 'runtime';
