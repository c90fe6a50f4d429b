/** Logons that the security log of Windows tells of: who tried from where, and why it failed. */
import { isIP } from 'node:net';
import { textsOf, type LogEvent } from '../events/index.ts';
import type { Habits, Login } from '../logins/index.ts';

/** The logon that an event tells of; machine accounts, services and what says nothing about a password are none. */
export function logonIn(event: LogEvent, addresses: WorkstationAddresses): Login | undefined {
  const text = (name: string) => textsOf(event, name)[0] ?? '';
  const tried = triedIn(event.origin.event_id ?? '', text);
  const account = accountIn(text('TargetUserName')).slice(0, NAME_CHARS_MAX).toLowerCase();
  if (!tried || account === '' || account === '-' || account.endsWith('$') || NOBODY.has(account)) return undefined;
  const address = addresses.of(
    text('IpAddress'),
    text('WorkstationName') || text('Workstation'),
    (event.host ?? '').toLowerCase(),
  );
  if (address === '') return undefined;
  return { account, address, times: 1, by_key: false, looks_forged: false, is_unknown: false, ...tried };
}

/** The account in a name as it was typed: `alice`, `CORP\alice` or `alice@corp.example`. */
function accountIn(typed: string): string {
  const name = typed.slice(typed.lastIndexOf('\\') + 1);
  const [account = ''] = name.split('@', 1);
  return account;
}

/** The addresses of workstations, as far as events that name both tell of them. */
export interface WorkstationAddresses {
  /** Where a logon came from: an address, else a workstation, else the host itself. */
  of(address: string, workstation: string, host: string): string;
}

/** Knows no workstation yet: events have to come in their order. */
export function createWorkstationAddresses(): WorkstationAddresses {
  const known = new Map<string, string>();
  return {
    of(address, workstation, host) {
      const name = workstation.replace(/^\\+/, '').slice(0, NAME_CHARS_MAX).toLowerCase();
      const is_named = name !== '' && name !== '-';
      const is_remote = isIP(address) !== 0 && !LOOPBACK.test(address);
      if (is_remote && is_named && known.size < WORKSTATIONS_MAX) known.set(name, address);
      if (is_remote) return address;
      return is_named ? (known.get(name) ?? name) : host;
    },
  };
}

type Tried = Pick<Login, 'works' | 'kind'> & Partial<Login>;

/** A password that was wrong, an account that is not there or is locked; others failed although the password was right. */
function triedIn(event_id: string, text: (name: string) => string): Tried | undefined {
  switch (event_id) {
    case '4624':
      return WITH_PASSWORD.has(text('LogonType')) ? { works: true, kind: 'logon' } : undefined;
    case '4625': {
      const sub_status = text('SubStatus').toLowerCase();
      const code = Number(sub_status) === 0 ? text('Status').toLowerCase() : sub_status;
      return isUntold(code) && BY_ITSELF.has(text('LogonType')) ? undefined : failedWith(code, NTLM, 'logon');
    }
    case '4776':
      return answeredWith(text('Status').toLowerCase(), NTLM, 'ntlm');
    case '4768':
      return answeredWith(text('Status').toLowerCase(), KERBEROS, 'kerberos');
    case '4771':
      return failedWith(text('Status').toLowerCase(), KERBEROS, 'kerberos');
    default:
      return undefined;
  }
}

/** An event of either outcome: only its code tells which, and collectors drop it. */
function answeredWith(code: string, codes: ReadonlyMap<string, Partial<Login>>, kind: string): Tried | undefined {
  if (code === '' || code === '-') return undefined;
  return Number(code) === 0 ? { works: true, kind } : failedWith(code, codes, kind);
}

/** A failure that does not say why is one all the same. */
function failedWith(code: string, codes: ReadonlyMap<string, Partial<Login>>, kind: string): Tried | undefined {
  const why = isUntold(code) ? {} : codes.get(code);
  return why && { works: false, kind, ...why };
}

const isUntold = (code: string): boolean => code === '-' || Number(code) === 0;

/** Wrong password, no such account, locked; the last without saying which. */
const NTLM: ReadonlyMap<string, Partial<Login>> = new Map([
  ['0xc000006a', {}],
  ['0xc0000064', { is_unknown: true }],
  ['0xc0000234', { is_locked: true }],
  ['0xc000006d', {}],
]);
const KERBEROS: ReadonlyMap<string, Partial<Login>> = new Map([
  ['0x18', {}],
  ['0x6', { is_unknown: true }],
  ['0x12', { is_locked: true }],
]);
/** At the console, over the network, unlocking, in clear text, by remote desktop, from cached credentials. */
const WITH_PASSWORD = new Set(['2', '3', '7', '8', '10', '11']);
/** A task and a service: nobody types their passwords. */
const BY_ITSELF = new Set(['4', '5']);
const NOBODY = new Set(['anonymous logon', 'system', 'local service', 'network service', 'guest', 'defaultaccount']);
const LOOPBACK = /^(?:127\.|::1$|0\.0\.0\.0$|::$)/;
const WORKSTATIONS_MAX = 10_000;
/** Windows knows none that are longer. */
const NAME_CHARS_MAX = 256;
/** Five wrong passwords are somebody's typing; a lock-out comes at ten in Windows as it is delivered. */
export const WINDOWS_HABITS: Habits = {
  few: 6,
  many: 10,
  names: 6,
  shares_addresses: true,
  pause_ms: 60_000,
  lull_ms: 1_800_000,
  storm_ms: 600_000,
};
