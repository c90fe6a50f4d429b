/** Authorities and certificates for tests of TLS, made by openssl in a folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './child.ts';

/** Whether there is an openssl in the PATH; without one nothing can be tried over TLS. */
export const has_openssl = tryRun('openssl', ['version']).status === 0;

/** What makes them: `name.pem` with `name.key` in the folder. */
export function authoritiesIn(folder: string) {
  const path = (name: string) => join(folder, name);
  const newKey = (name: string) =>
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path(`${name}.key`)] as const;
  return {
    path,
    pem: (name: string) => readFileSync(path(name), 'utf8'),
    makeAuthority: (name: string): void => {
      const about = ['-subj', `/CN=${name} authority`, '-days', '2', '-out', path(`${name}.pem`)];
      openssl('req', '-x509', ...newKey(name), ...about);
    },
    makeCertificate: (name: string, authority: string, extension: string): void => {
      const [asked, extensions] = [path(`${name}.csr`), path(`${name}.ext`)];
      writeFileSync(extensions, extension);
      openssl('req', '-new', ...newKey(name), '-subj', `/CN=${name}`, '-out', asked);
      const by = ['-CA', path(`${authority}.pem`), '-CAkey', path(`${authority}.key`), '-CAcreateserial'];
      openssl('x509', '-req', '-in', asked, ...by, '-days', '2', '-extfile', extensions, '-out', path(`${name}.pem`));
    },
  };
}

const openssl = (...args: string[]): void => void run('openssl', args);
