/** Secrets of a directory that somebody has replicated who is no domain controller (DCSync). */
import type { EventSignal, Read } from './signals.ts';

/** Whether an access to an object of the directory asks for replication, by whomever. */
export const asksReplication = (properties: string): boolean => RIGHTS.test(properties);

/** Reads an access to an object of the directory. */
export const replicated: Read = (text): EventSignal | undefined => {
  const [properties, account] = [text('Properties'), text('SubjectUserName')];
  if (
    !asksReplication(properties) ||
    account === '' ||
    account.endsWith('$') ||
    text('SubjectUserSid') === LOCAL_SYSTEM
  )
    return undefined;
  if (!CONTROL_ACCESS.has(text('AccessMask').toLowerCase())) return undefined;
  const takes_secrets = SECRETS.test(properties);
  return {
    rule: takes_secrets ? 'directory/secrets-replicated' : 'directory/replicated',
    title: takes_secrets
      ? `${account}, who is no domain controller, had the secrets of the directory replicated`
      : `${account}, who is no domain controller, asked for the changes of the directory`,
    technique: 'T1003.006',
    severity: SYNCHRONISER.test(account) ? 'info' : takes_secrets ? 'high' : 'medium',
    subject: account.toLowerCase(),
    text: `EventID 4662 · SubjectUserName=${account} · Properties=${properties.replace(/\s+/g, ' ').trim()}`,
  };
};

/** DS-Replication-Get-Changes, Get-Changes-All, Get-Changes-In-Filtered-Set. */
const RIGHTS =
  /1131f6aa-9c07-11d1-f79f-00c04fc2dcd2|1131f6ad-9c07-11d1-f79f-00c04fc2dcd2|89e95b76-444d-4c62-991a-0facbeda640c/i;
const SECRETS = /1131f6ad-9c07-11d1-f79f-00c04fc2dcd2|89e95b76-444d-4c62-991a-0facbeda640c/i;
/** The right was used, not changed; collectors that keep no mask leave it out. */
const CONTROL_ACCESS = new Set(['', '0x100']);
const LOCAL_SYSTEM = 'S-1-5-18';
/** The account that Entra Connect replicates with, by trade. */
const SYNCHRONISER = /^MSOL_[0-9a-f]{12}$/i;
