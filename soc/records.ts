/** All records of one installation, joined. */
import type { Alert } from '../protocol/index.ts';
import { createAgents, type Agents } from './agents.ts';
import { createAlerts, type AlertEvent, type Alerts } from './alerts.ts';
import { createAnswers, type Answers } from './answers.ts';
import { createAudit, type Audit } from './audit.ts';
import { createKeys, type Keys } from './keys.ts';
import { createPasswords, type ScryptCost } from './passwords.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSettings, type Settings } from './settings.ts';
import type { SocDeps } from './soc.ts';
import { createUsers, type Users } from './users.ts';

/** The records of one installation; they share one store and one audit record. */
export interface Records {
  users: Users;
  sessions: Sessions;
  keys: Keys;
  alerts: Alerts;
  agents: Agents;
  settings: Settings;
  answers: Answers;
  audit: Audit;
  /** Forgets what is over; keys only when they are longer over than since that, wall ms, and of the audit record what is older. */
  prune(before_ms: number): Promise<void>;
}

/** What they are joined with. */
export interface RecordDeps extends SocDeps {
  /** Called after somebody's rights changed. */
  onAccessChanged: () => void;
  onAlert: (what: AlertEvent, alert: Alert) => void;
  /** What a password costs; for tests. */
  cost?: ScryptCost;
}

/** Opens all records of a store; throws when the store cannot be read. */
export async function openRecords(deps: RecordDeps): Promise<Records> {
  const { clock, random, onAccessChanged: onChanged, onAlert: onEvent } = deps;
  const audit = createAudit(deps);
  const passwords = createPasswords(random, deps.cost);
  const settings = await createSettings({ ...deps, audit });
  const agents = createAgents({ ...deps, audit });
  const users = createUsers({ ...deps, audit, passwords, onChanged });
  const sessions = createSessions({ ...deps, audit, users, onChanged });
  const answers = createAnswers(deps);
  const keys = createKeys({ ...deps, audit, users, onChanged });
  const windowMs = () => settings.now().duplicate_window_hours * HOUR_MS;
  return {
    users,
    sessions,
    keys,
    alerts: createAlerts({ ...deps, audit, windowMs, onEvent }),
    agents,
    settings,
    answers,
    audit,
    async prune(before_ms) {
      await answers.prune();
      await sessions.prune(clock.now());
      await keys.prune(before_ms);
      await audit.prune(before_ms);
    },
  };
}

const HOUR_MS = 3_600_000;
