/** What has to be reset after credentials were taken: which ones, and why, by the place they were taken from. */

/** One thing to reset. */
export interface CredentialReset {
  action: string;
  reason: string;
}

/** The resets that these techniques ask for, each once, in the order of the techniques; none for those that take no credentials out of a system. */
export function credentialResets(techniques: readonly string[]): CredentialReset[] {
  return [...RESETS].filter(([technique]) => techniques.includes(technique)).map(([, reset]) => reset);
}

const ALL_SESSIONS = 'reset the credentials of every account with a session on the host';
const ALL_DOMAIN = 'reset the credentials of every account of the domain, those of krbtgt twice';
const RESETS: ReadonlyMap<string, CredentialReset> = new Map([
  ['T1003', { action: ALL_SESSIONS, reason: 'credentials were reached for, and nothing says which ones' }],
  ['T1003.001', { action: ALL_SESSIONS, reason: 'the memory of LSASS holds them' }],
  [
    'T1003.002',
    { action: 'reset the passwords of the local accounts of the host', reason: 'the SAM hive holds their hashes' },
  ],
  ['T1003.003', { action: ALL_DOMAIN, reason: 'the directory database holds them' }],
  [
    'T1003.004',
    {
      action: 'reset the passwords of the accounts that services and tasks of the host run under',
      reason: 'the LSA secrets hold them',
    },
  ],
  [
    'T1003.005',
    {
      action: 'reset the passwords of the domain accounts that logged on to the host',
      reason: 'what Windows caches of a logon can be guessed at elsewhere',
    },
  ],
  ['T1003.006', { action: ALL_DOMAIN, reason: 'replication hands their secrets to whoever may ask for it' }],
  ['T1003.007', { action: ALL_SESSIONS, reason: 'the memory of processes holds them' }],
  [
    'T1003.008',
    { action: 'reset the passwords of the local accounts of the host', reason: '/etc/shadow holds their hashes' },
  ],
  ['T1110.001', { action: 'reset the password of the account that was logged in to', reason: 'somebody guessed it' }],
  [
    'T1558.003',
    {
      action: 'give the service accounts whose tickets were taken long random passwords, and AES',
      reason: 'a ticket with RC4 holds what their passwords can be guessed at with',
    },
  ],
  [
    'T1558.004',
    {
      action: 'reset the passwords of the accounts whose tickets were taken, and have them pre-authenticate',
      reason: 'such a ticket holds what their passwords can be guessed at with',
    },
  ],
]);
