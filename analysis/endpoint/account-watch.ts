/** What events say together about accounts: passwords guessed, tickets taken to be guessed at, secrets gathered. */
import type { LogEvent } from '../events/index.ts';
import { createGuessWatch } from '../logins/index.ts';
import { citedOf, type Cited } from './cited.ts';
import { CLUSTER_FIELDS, isClusterAudit, secretsListed } from './cluster-acts.ts';
import type { EventSignal } from './signals.ts';
import { createSpread } from './spread.ts';
import { createTicketWatch } from './tickets.ts';
import { createWorkstationAddresses, logonIn, WINDOWS_HABITS } from './windows-logins.ts';

/** A statement about an account, with the events it rests on. */
export interface AccountSignal extends EventSignal {
  events: Cited[];
}

/** A pass over events, in bounded memory. */
export interface AccountWatch {
  note(event: LogEvent): void;
  signals(): AccountSignal[];
  /** Logons and tickets that found no room. */
  left(): number;
}

/** A watch over one recording, which has seen no logon. */
export function createAccountWatch(): AccountWatch {
  const addresses = createWorkstationAddresses();
  const logons = createGuessWatch<Cited>(WINDOWS_HABITS);
  const tickets = createTicketWatch();
  const namespaces = createSpread(NAMESPACES_MS);
  return {
    note(event) {
      const listed = isClusterAudit(event) ? secretsListed(event) : undefined;
      if (listed) namespaces.note(listed.user, listed.namespace, citedOf(event, CLUSTER_FIELDS));
      const { channel = '', event_id = '' } = event.origin;
      if (!LOGON_EVENTS.has(event_id) || channel.toLowerCase() !== 'security') return;
      const logon = logonIn(event, addresses);
      if (logon) logons.note(logon, citedOf(event, LOGON_FIELDS), event.at_ms);
      if (event_id === '4768' || event_id === '4769') tickets.note(event);
    },
    signals: () => [
      ...logons.guessing().map(({ rule, severity, techniques: [technique, also], title, address, records }) => ({
        rule,
        title,
        technique,
        ...(also !== undefined && { also_technique: also }),
        severity,
        subject: address,
        text: records[0]?.text ?? '',
        events: records,
      })),
      ...tickets.roasting().map(({ events, ...said }) => ({ ...said, text: events[0]?.text ?? '', events })),
      ...namespaces
        .spreads()
        .filter(({ things }) => things.length >= NAMESPACES_MANY)
        .map(({ actor, things, events }) => ({
          rule: 'cluster/secrets-by-namespace',
          title: `${actor} listed the secrets of ${things.length} namespaces, one after the other`,
          technique: 'T1552.007',
          severity: 'medium' as const,
          subject: actor,
          text: events[0]?.text ?? '',
          events,
        })),
    ],
    left: () => logons.left() + tickets.left() + namespaces.left(),
  };
}

const NAMESPACES_MS = 600_000;
const NAMESPACES_MANY = 4;
const LOGON_EVENTS = new Set(['4624', '4625', '4768', '4769', '4771', '4776']);
const LOGON_FIELDS = [
  'TargetUserName',
  'IpAddress',
  'WorkstationName',
  'Workstation',
  'LogonType',
  'Status',
  'SubStatus',
];
