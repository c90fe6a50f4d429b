/** Who the kit is: an Ed25519 key under a name, and the proofs of both sides (wire.md 4). */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** A name and its key. */
export interface Key {
  id: string;
  private_key: KeyObject;
}

/** What a proof speaks about. */
export interface ProofSubject {
  challenge: string;
  agent_id: string;
  instance_id: string;
  dialled: string;
  connection_id: string;
}

/** A key out of PEM. Throws when it is none, or not Ed25519. */
export function readPem(id: string, pem: string): Key {
  const private_key = createPrivateKey(pem);
  if (private_key.asymmetricKeyType !== 'ed25519') throw new Error(`the key of ${id} is not Ed25519`);
  return { id, private_key };
}

/** A key that nobody knows. */
export const makeKey = (id: string): Key => ({ id, private_key: generateKeyPairSync('ed25519').privateKey });

/**
 * A key that nobody knows, the same each time it is made from `from`: who is kept waiting under it is kept waiting once. It is as
 * secret as the key that it is made from.
 */
export function keyBeside(from: Key, id: string): Key {
  const seed = createHash('sha256')
    .update(sign(null, Buffer.from(id), from.private_key))
    .digest();
  const private_key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  return { id, private_key };
}

/** The public half, SPKI, base64url. */
export function publicKeyOf({ private_key }: Key): string {
  const text =
    publicKeys.get(private_key) ??
    createPublicKey(private_key).export({ format: 'der', type: 'spki' }).toString('base64url');
  publicKeys.set(private_key, text);
  return text;
}
/** Every greeting shows one, and a run greets hundreds of times. */
const publicKeys = new WeakMap<KeyObject, string>();

/** The proof of a key, base64url. */
export const prove = ({ private_key }: Key, subject: ProofSubject): string =>
  sign(null, signedBytes(subject), private_key).toString('base64url');

/** Whether a proof is that of a public key over exactly this. What is malformed is no proof. */
export function isProof(public_key: string, subject: ProofSubject, proof: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(public_key, 'base64url'), format: 'der', type: 'spki' });
    return verify(null, signedBytes(subject), key, Buffer.from(proof, 'base64url'));
  } catch {
    return false;
  }
}

const signedBytes = ({ challenge, agent_id, instance_id, dialled, connection_id }: ProofSubject): Buffer =>
  Buffer.from(['aurora-mesh-hello-v1', challenge, agent_id, instance_id, dialled, connection_id].join('\0'));

/** What stands before the seed in the PKCS #8 form of a key (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
