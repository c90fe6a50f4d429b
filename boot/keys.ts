/** Private keys in files: one Ed25519 key a process, readable by its owner alone (wire.md 4). */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { publicKeyOf, type Identity, type Pin, type Role } from '../mesh/index.ts';
import { VERSION, type Ids } from '../seams/index.ts';
import { writeFirst } from './whole-file.ts';

/** A key or a pin that cannot be used; the message says what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** Reads a key. Refuses a file that others may read, and one that holds no Ed25519 key. */
export function readKey(path: string): KeyObject {
  if (!existsSync(path)) {
    throw new KeyFileError(
      `there is no key ${path}; \`aurora up\` makes those of its fleet, \`aurora agents enroll <id>\` and \`aurora operators add <name>\` one more`,
    );
  }
  const { mode } = statSync(path); // of what a link leads to: secrets are mounted so
  if ((mode & OTHERS) !== 0) {
    throw new KeyFileError(
      `${path} may be read by others (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${path}`,
    );
  }
  try {
    const key = createPrivateKey(readFileSync(path, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new KeyFileError(`${path} holds no private key`, { cause });
  }
  throw new KeyFileError(`${path} holds a key that is not Ed25519`);
}

/** Makes a key where there is none, and returns the one that is there then; of two makers at once one wins, and both read that one whole. */
export function ensureKey(path: string): KeyObject {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    chmodSync(dirname(path), 0o700); // also where a mount point was there before us
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    try {
      writeFirst(path, pem.toString()); // others pin it from here on
    } catch (cause) {
      throw new KeyFileError(`${path} cannot be written`, { cause });
    }
  }
  return readKey(path);
}

/** This process as its peers will know it; the instance id is new with every start. */
export const identityOf = (id: string, private_key: KeyObject, ids: Ids, name = id): Identity => ({
  id,
  instance_id: ids.next('inst'),
  name,
  version: VERSION,
  private_key,
});

/** The pin of a key. */
export const pinOf = (id: string, role: Role, key: KeyObject): Pin => ({ id, role, public_key: publicKeyOf(key) });

/** Bits of group and world. */
const OTHERS = 0o077;
