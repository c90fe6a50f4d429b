/** Who is who: one Ed25519 key a process, public keys pinned, a proof bound to the connection (wire.md 4). */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** What a principal may do on a mesh port. */
export type Role = 'orchestrator' | 'agent' | 'operator';

/** A public key somebody vouched for. */
export interface Pin {
  id: string;
  role: Role;
  /** SPKI, base64url DER. */
  public_key: string;
}

/** Which keys are pinned; read anew on every use, so that an enrolment works without a restart. */
export interface Pins {
  of(id: string): Pin | undefined;
}

/** This process: its names and its key. `id` is the agent id, `orchestrator`, or `operator:<name>`. */
export interface Identity {
  id: string;
  /** New with every start. */
  instance_id: string;
  name: string;
  version: string;
  private_key: KeyObject;
}

/** What a proof speaks about. */
export interface ProofSubject {
  challenge: string;
  agent_id: string;
  instance_id: string;
  /** `host:port` as the dialler wrote it: an impostor that relays a challenge to the real port proves the wrong address. */
  dialled: string;
  connection_id: string;
}

/** Proves the key over the subject, base64url. */
export const proveIdentity = (key: KeyObject, subject: ProofSubject): string =>
  sign(null, signedBytes(subject), key).toString('base64url');

/** Whether the proof was made with the pinned key over exactly this subject. A malformed proof or key is simply false. */
export function isProven(pin: Pin, subject: ProofSubject, proof: string): boolean {
  try {
    return verify(null, signedBytes(subject), keyOf(pin.public_key), Buffer.from(proof, 'base64url'));
  } catch {
    return false;
  }
}

/** Those of late are kept: an agent that arrives proves its key on two links, and asks for that of its orchestrator on both. */
function keyOf(public_key: string): KeyObject {
  const known = KEYS.get(public_key);
  if (known) return known;
  const key = toKey(Buffer.from(public_key, 'base64url'));
  if (KEYS.size >= KEYS_MAX) KEYS.clear();
  KEYS.set(public_key, key);
  return key;
}

/**
 * An Ed25519 key has one form in DER, a fixed head and 32 bytes: reading and writing it as that costs a tenth of finding it out.
 * Throws for any other form, and for a weak key: under one of those anybody can sign, and OpenSSL takes it (ATK-B16).
 */
function toKey(spki: Buffer): KeyObject {
  const x = spki.subarray(ED25519_HEAD.byteLength);
  const is_ed25519 = x.byteLength === ED25519_BYTES && spki.indexOf(ED25519_HEAD) === 0;
  if (!is_ed25519) throw new Error('not an Ed25519 key in its one form');
  if (isWeak(x)) throw new Error('a key of small order');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, format: 'jwk' });
}

function isWeak(x: Buffer): boolean {
  const y = Buffer.from(x);
  y.writeUInt8(y.readUInt8(ED25519_BYTES - 1) & 0x7f, ED25519_BYTES - 1); // without its sign
  return SMALL_ORDER.has(y.toString('hex'));
}

/** The public half of a key in the form a pin keeps. */
export function publicKeyOf(key: KeyObject): string {
  const known = PUBLIC_KEYS.get(key);
  if (known !== undefined) return known;
  const made = spkiOf(createPublicKey(key)).toString('base64url');
  PUBLIC_KEYS.set(key, made);
  return made;
}

function spkiOf(key: KeyObject): Buffer {
  const { x } = key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : {};
  if (x === undefined) return key.export({ format: 'der', type: 'spki' });
  return Buffer.concat([ED25519_HEAD, Buffer.from(x, 'base64url')]);
}

/** A process says its key in every hello: deriving and writing it costs more than proving it. */
const PUBLIC_KEYS = new WeakMap<KeyObject, string>();

/** What two people compare over another way before a key is pinned: the start of its SHA-256. */
export const fingerprintOf = (public_key: string): string =>
  createHash('sha256').update(Buffer.from(public_key, 'base64url')).digest('hex').slice(0, FINGERPRINT_CHARS);

/** Pins as a literal, for tests and for one process. */
export function literalPins(pins: readonly Pin[]): Pins {
  const by_id = new Map(pins.map((pin) => [pin.id, pin]));
  return { of: (id) => by_id.get(id) };
}

function signedBytes({ challenge, agent_id, instance_id, dialled, connection_id }: ProofSubject): Buffer {
  return Buffer.from(['aurora-mesh-hello-v1', challenge, agent_id, instance_id, dialled, connection_id].join('\0'));
}

const KEYS = new Map<string, KeyObject>();
const KEYS_MAX = 64;
const FINGERPRINT_CHARS = 16;
/** SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING } of RFC 8410, up to the key itself. */
const ED25519_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_BYTES = 32;
/** y, little-endian, of the points of order 1, 2, 4 and 8 (RFC 8032), and of those once more beyond the prime. */
const SMALL_ORDER = new Set([
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);
