/** A signing key for a test. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

export const ensureKeyPair = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
