/** Whom a visit believes over TLS, and what it shows there: the files that were named, else those of the configuration. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Command } from 'commander';
import { trustOf, type Config } from '../boot/index.ts';
import type { Trust } from '../mesh/index.ts';
import { UsageError } from './outcome.ts';

/** What was said about TLS: files in PEM. */
export interface TlsFlags {
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  tlsTrust?: string | undefined;
}

/** Adds the flags to a command that dials any peer; they are named as in the configuration (`tls.cert`, `tls.key`, `tls.trust`). */
export const withTlsFlags = (command: Command): Command =>
  command
    .option(
      '--tls-cert <file>',
      'certificate (PEM) for a peer that asks for one; tls.cert unless said, where tls.ca is',
    )
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--tls-trust <file>', "authorities (PEM) to trust instead of the machine's own; tls.trust unless said");

/** Reads and judges the files. Throws a UsageError that names the file, and what is wrong with it. */
export function trustFor(config: Config, { tlsCert, tlsKey, tlsTrust }: TlsFlags): Trust {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError(
      '--tls-cert and --tls-key belong together: name the certificate and its key, each a file in PEM',
    );
  const trust: Trust = {
    ...trustOf(config),
    ...(tlsTrust !== undefined && { ca: readCertificate('--tls-trust', tlsTrust) }),
    ...(tlsCert !== undefined && { cert: readCertificate('--tls-cert', tlsCert) }),
    ...(tlsKey !== undefined && { key: readFile('--tls-key', tlsKey) }),
  };
  if (tlsCert === undefined || tlsKey === undefined) return trust;
  try {
    createSecureContext(trust);
  } catch (reason) {
    throw new UsageError(
      `--tls-key: ${tlsKey} is no key for ${tlsCert} (${whyOf(reason)}): name the key that belongs to it, in PEM and without a password`,
    );
  }
  return trust;
}

/** The same as the conformance kit takes it. */
export const toKitTrust = ({ ca, cert, key }: Trust) => ({ tls_ca: ca, tls_cert: cert, tls_key: key });

/** The flags, to be said again. */
export const tlsText = ({ tlsCert, tlsKey, tlsTrust }: TlsFlags): string[] => [
  ...(tlsCert === undefined ? [] : ['--tls-cert', tlsCert]),
  ...(tlsKey === undefined ? [] : ['--tls-key', tlsKey]),
  ...(tlsTrust === undefined ? [] : ['--tls-trust', tlsTrust]),
];

/** What to do about a conversation that TLS ended, as it was thrown; undefined where something else did. */
export function tlsAdvice(url: string, reason: unknown): string | undefined {
  if (!url.startsWith('wss:')) return undefined;
  const codes = codesOf(reason);
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID')) return 'Dial it under a name that its certificate has';
  if (codes.includes('CERT_HAS_EXPIRED')) return 'Its certificate is over: whoever runs it needs a new one';
  if (codes.some((code) => DISTRUSTED.test(code)))
    return 'Nobody here trusts its certificate: name the authority that signed it with --tls-trust <file>';
  return codes.some((code) => REFUSED.test(code)) ? TURNED_AWAY : undefined;
}

/** The sentence of an error; of one of OpenSSL the part that is for people. */
export function whyOf(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return /\berror:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(text)?.[1] ?? text.trim();
}

function readCertificate(flag: string, file: string): string {
  const text = readFile(flag, file);
  try {
    new X509Certificate(text);
  } catch (reason) {
    throw new UsageError(`${flag}: ${file} holds no certificate in PEM (${whyOf(reason)}): it begins with ${BEGIN}`);
  }
  return text;
}

function readFile(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (reason) {
    throw new UsageError(
      `${flag}: ${file} cannot be read (${codesOf(reason)[0] ?? whyOf(reason)}): name a file in PEM`,
    );
  }
}

/** The codes of an error and of what stands behind it. */
function codesOf(reason: unknown): string[] {
  const codes: string[] = [];
  for (let error = reason; error instanceof Error && codes.length < DEPTH_MAX; error = error.cause)
    codes.push('code' in error ? String(error.code) : '');
  return codes.filter(Boolean);
}

const BEGIN = '-----BEGIN CERTIFICATE-----';
const DISTRUSTED = /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA)/;
/** An alert over our certificate, or over none; a server may also just hang up. */
const REFUSED = /_ALERT_|^ECONNRESET$/;
const TURNED_AWAY =
  'It may ask for a certificate: show one with --tls-cert <file> and --tls-key <file> that its authority (its tls.ca) signed for clients';
/** How far behind an error is looked. */
const DEPTH_MAX = 8;
