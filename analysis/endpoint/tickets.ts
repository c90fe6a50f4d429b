/** Tickets of Kerberos that are asked for so that their passwords can be guessed elsewhere: roasting. */
import type { Severity } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { citedOf, type Cited } from './cited.ts';
import { createSpread, type Spread } from './spread.ts';

/** What such requests say. */
export interface Roasting {
  rule: 'ticket/kerberoasting' | 'ticket/as-rep-roasting';
  title: string;
  technique: string;
  severity: Severity;
  host: string;
  subject: string;
  events: Cited[];
}

/** A pass over tickets, in bounded memory. */
export interface TicketWatch {
  note(event: LogEvent): void;
  roasting(): Roasting[];
  /** Requests of further accounts, that found no room. */
  left(): number;
}

/** A watch over one recording, which has seen no request for a ticket. */
export function createTicketWatch(): TicketWatch {
  const services = createSpread(WINDOW_MS);
  const accounts = createSpread(WINDOW_MS);
  return {
    note(event) {
      const text = (name: string) => textsOf(event, name)[0] ?? '';
      if (!WEAK.has(text('TicketEncryptionType').toLowerCase()) || Number(text('Status') || '0') !== 0) return;
      if (event.origin.event_id === '4769') {
        const service = text('ServiceName').toLowerCase();
        if (service === '' || service.endsWith('$') || service.startsWith('krbtgt')) return;
        services.note(text('TargetUserName').toLowerCase(), service, citedOf(event, FIELDS));
      } else if (text('PreAuthType') === '0') {
        const account = text('TargetUserName').toLowerCase();
        if (account !== '' && !account.endsWith('$'))
          accounts.note(text('IpAddress') || 'the host', account, citedOf(event, FIELDS));
      }
    },
    roasting: () => [
      ...services.spreads().flatMap((spread) => (spread.things.length < SERVICES_FEW ? [] : [kerberoasting(spread)])),
      ...accounts.spreads().map(asRepRoasting),
    ],
    left: () => services.left() + accounts.left(),
  };
}

function kerberoasting({ actor, things, events }: Spread): Roasting {
  const is_many = things.length >= SERVICES_MANY;
  return {
    rule: 'ticket/kerberoasting',
    title: `${actor} asked for tickets with RC4 of ${things.length} service accounts within ${WINDOW_MS / MINUTE_MS} minutes: ${named(things)}`,
    technique: 'T1558.003',
    // An old service or two speaks RC4 only.
    severity: is_many ? 'high' : 'info',
    host: hostOf(events),
    subject: actor,
    events,
  };
}

function asRepRoasting({ actor, things, events }: Spread): Roasting {
  const one = things.length === 1;
  return {
    rule: 'ticket/as-rep-roasting',
    title: `${actor} got ${one ? 'a ticket' : 'tickets'} with RC4, without a password, for ${one ? '' : `${things.length} accounts: `}${named(things)}`,
    technique: 'T1558.004',
    severity: one ? 'low' : 'high',
    host: hostOf(events),
    subject: actor,
    events,
  };
}

const named = (things: readonly string[]): string =>
  `${things.slice(0, NAMES_SHOWN_MAX).join(', ')}${things.length > NAMES_SHOWN_MAX ? ' and others' : ''}`;

const hostOf = ([first]: readonly Cited[]): string => first?.host ?? '';

const FIELDS = ['TargetUserName', 'ServiceName', 'TicketEncryptionType', 'PreAuthType', 'IpAddress'];
/** RC4, whose key is the password's hash. */
const WEAK = new Set(['0x17', '0x18', '23', '24']);
const MINUTE_MS = 60_000;
const WINDOW_MS = 10 * MINUTE_MS;
const SERVICES_FEW = 2;
const SERVICES_MANY = 4;
const NAMES_SHOWN_MAX = 5;
