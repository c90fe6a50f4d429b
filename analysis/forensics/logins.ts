/** Logins that records of a host tell of, in the words of sshd, PAM, the audit, postfix and dovecot. */
import { isIP } from 'node:net';
import type { Login } from '../logins/index.ts';

/** The login that a record tells of; one that worked by a key is no guess, and none here. */
export function loginIn(text: string): Login | undefined {
  for (const { kind, shape, read } of SHAPES) {
    const found = shape.exec(text);
    if (!found) continue;
    const { works = false, account = '', is_unknown = false, times = 1, by_key = false, address = '' } = read(found);
    if (isIP(address) === 0) continue;
    const repeated = Number(/message repeated (\d{1,6}) times/.exec(text)?.[1] ?? 1);
    const looks_forged = /\bfrom \S{1,64} port\b|\brip=|\brhost=/.test(account);
    return { works, account, is_unknown, address, times: times * repeated, kind, by_key, looks_forged };
  }
  return undefined;
}

interface Shape {
  kind: string;
  shape: RegExp;
  read: (found: RegExpExecArray) => Partial<Omit<Login, 'kind' | 'looks_forged' | 'is_locked'>>;
}

/** The name is whatever the client says: what stands last is what the server wrote. */
const SHAPES: readonly Shape[] = [
  {
    kind: 'sshd',
    shape:
      /\b(Failed|Accepted) (?:password|none|keyboard-interactive(?:\/pam)?|hostbased) for (invalid user )?([^]{0,255}) ?\bfrom (\S{1,64})/,
    read: ([, outcome, unknown, account = '', address = '']) => ({
      works: outcome === 'Accepted',
      is_unknown: unknown !== undefined,
      account: account.trim(),
      address,
    }),
  },
  {
    kind: 'sshd key',
    shape: /\bFailed publickey for (invalid user )?([^]{0,255}) ?\bfrom (\S{1,64})/,
    read: ([, unknown, account = '', address = '']) => ({
      is_unknown: unknown !== undefined,
      account: account.trim(),
      address,
      by_key: true,
    }),
  },
  {
    kind: 'sshd most',
    shape: /\bmaximum authentication attempts exceeded for (invalid user )?([^]{0,255}) ?\bfrom (\S{1,64}) port \d/,
    read: ([, unknown, account = '', address = '']) => ({
      is_unknown: unknown !== undefined,
      account: account.trim(),
      address,
    }),
  },
  {
    kind: 'sshd invalid',
    shape: /\bsshd[^]{0,40}?: (?:Invalid|Illegal) user ([^]{0,255}) ?\bfrom (\S{1,64})/,
    read: ([, account = '', address = '']) => ({ account: account.trim(), address, is_unknown: true }),
  },
  {
    kind: 'sshd left',
    shape:
      /\b(?:Disconnected from|Connection (?:closed|reset) by) (authenticating|invalid) user ([^]{0,255}) (\S{1,64}) port \d{1,5}\b/,
    read: ([, state, account = '', address = '']) => ({ account, address, is_unknown: state === 'invalid' }),
  },
  {
    kind: 'pam',
    shape: /\bpam_\w{1,20}\([^)]{1,40}\): authentication failure;[^]{0,300}\brhost=(\S{1,64})(?: +user=(\S{1,64}))?/,
    read: ([, address = '', account = '']) => ({ address, account }),
  },
  {
    kind: 'audit',
    shape: /\btype=USER_LOGIN\b[^]{0,600}\bacct="?([^"\s]{1,64})"?[^]{0,300}\baddr=(\S{1,64})[^]{0,120}\bres=(\w+)/,
    read: ([, account = '', address = '', outcome]) => ({ account, address, works: outcome === 'success' }),
  },
  {
    kind: 'postfix',
    shape:
      /\bpostfix\/[\w/-]{1,60}\[\d{1,10}\]: warning: [^\s[]{0,255}\[([\da-f.:]{2,45})\]: SASL \S{1,40} authentication failed(?:[^]{0,300}\bsasl_username=(\S{1,255}))?/i,
    read: ([, address = '', account = '']) => ({ address, account }),
  },
  {
    kind: 'dovecot',
    shape:
      /\bdovecot\b[^]{0,120}\(auth failed, (\d{1,4}) attempts[^)]{0,60}\):? (?:[^]{0,80}?\buser=<([^]{0,255})>)?[^]{0,300}\brip=([^\s,]{2,45})/,
    read: ([, times = '1', account = '', address = '']) => ({ address, account, times: Number(times) || 1 }),
  },
  {
    kind: 'dovecot auth',
    shape:
      /\bdovecot\b[^]{0,60}\bauth[^]{0,40}: \w{1,20}\(([^,]{0,255}),([\da-f.:]{2,45})[^)]{0,80}\): (?:unknown user|[^]{0,40}password mismatch|pam_authenticate\(\) failed)/i,
    read: ([, account = '', address = '']) => ({ address, account }),
  },
];
