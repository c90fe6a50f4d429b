/** Authorities and certificates for tests of TLS, made by openssl in a folder. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether there is an openssl in the PATH; without one nothing can be tried over TLS. */
export const has_openssl = canRun('openssl', ['version']);

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
      run('req', '-x509', ...newKey(name), ...about);
    },
    makeCertificate: (name: string, authority: string, extension: string): void => {
      const [asked, extensions] = [path(`${name}.csr`), path(`${name}.ext`)];
      writeFileSync(extensions, extension);
      run('req', '-new', ...newKey(name), '-subj', `/CN=${name}`, '-out', asked);
      const by = ['-CA', path(`${authority}.pem`), '-CAkey', path(`${authority}.key`), '-CAcreateserial'];
      run('x509', '-req', '-in', asked, ...by, '-days', '2', '-extfile', extensions, '-out', path(`${name}.pem`));
    },
  };
}

function run(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

function canRun(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}
