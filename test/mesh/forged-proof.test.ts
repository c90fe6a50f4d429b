/**
 * Proofs of identity that are nearly right, in the manner of Wycheproof and by the rules of RFC 8032: none counts, and no key under
 * which anybody can sign is one (ATK-B16, ATK-E1).
 */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isProven, proveIdentity, publicKeyOf, type Pin, type ProofSubject } from '../../mesh/identity.ts';

const subject: ProofSubject = {
  challenge: 'c'.repeat(43),
  agent_id: 'parrot',
  instance_id: 'parrot-1',
  dialled: '127.0.0.1:9001',
  connection_id: 'conn_1',
};
const { privateKey } = generateKeyPairSync('ed25519');
const pin: Pin = { id: 'parrot', role: 'agent', public_key: publicKeyOf(privateKey) };
const made = Buffer.from(proveIdentity(privateKey, subject), 'base64url');

const HEAD = '302a300506032b6570032100';
const pinOf = (x: string, head = HEAD): Pin => ({
  ...pin,
  public_key: Buffer.from(head + x, 'hex').toString('base64url'),
});

/** The order of the group, and the prime of the field (RFC 8032, 5.1). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;
const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
const R = made.subarray(0, 32);
const S = BigInt(`0x${Buffer.from(made.subarray(32)).reverse().toString('hex')}`);

/** Every encoding of a point of order 1, 2, 4 or 8, those with y beyond the prime and with a sign that means nothing among them. */
const Y8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05';
const Y8_NEGATIVE = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
const signed = (y: string): string => y.slice(0, -2) + (Number.parseInt(y.slice(-2), 16) | 0x80).toString(16);
const SMALL = [bytesOf(1n), bytesOf(P - 1n), bytesOf(0n), bytesOf(P), bytesOf(P + 1n)]
  .map((point) => point.toString('hex'))
  .concat(Y8, Y8_NEGATIVE)
  .flatMap((y) => [y, signed(y)]);

test('the proof that was made counts, and so does the first vector of RFC 8032 in the verifier that is used', () => {
  expect(isProven(pin, subject, made.toString('base64url'))).toBe(true);
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const key = createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const told = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
  expect(publicKeyOf(key)).toBe(pinOf(told).public_key);
  expect(sign(null, Buffer.alloc(0), key).toString('hex')).toBe(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  expect(isProven({ ...pin, public_key: publicKeyOf(key) }, subject, proveIdentity(key, subject))).toBe(true);
});

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(64)],
  ['ones', Buffer.alloc(64, 0xff)],
  ['one byte short', made.subarray(0, 63)],
  ['one byte long', Buffer.concat([made, Buffer.alloc(1)])],
  ['twice', Buffer.concat([made, made])],
  ['R and S exchanged', Buffer.concat([made.subarray(32), R])],
  ['S of zero', Buffer.concat([R, Buffer.alloc(32)])],
  ['S of the order', Buffer.concat([R, bytesOf(L)])],
  ['S plus the order', Buffer.concat([R, bytesOf(S + L)])],
  ['S plus eight times the order', Buffer.concat([R, bytesOf(S + 8n * L)])],
  ['S of the order less S', Buffer.concat([R, bytesOf(L - S)])],
  ['S with its highest bit', Buffer.concat([R, bytesOf(S | (1n << 255n))])],
  ['R with the other sign', Buffer.concat([R.subarray(0, 31), Buffer.from([R[31]! ^ 0x80]), made.subarray(32)])],
  ['R of the prime', Buffer.concat([bytesOf(P), made.subarray(32)])],
  ['R that is no point', Buffer.concat([bytesOf(2n), made.subarray(32)])],
])('ATK-B16: a proof of %s is none', (_what, bent) => {
  expect(isProven(pin, subject, bent.toString('base64url'))).toBe(false);
});

test('ATK-B16: not one bit of a proof may be another', () => {
  for (let bit = 0; bit < 512; bit++) {
    const bent = Buffer.from(made);
    bent[bit >> 3]! ^= 1 << (bit & 7);
    expect(isProven(pin, subject, bent.toString('base64url')), `bit ${bit}`).toBe(false);
  }
});

test.each(Object.keys(subject) as (keyof ProofSubject)[])(
  'ATK-E1: a proof over another %s is none, nor one whose parts were shifted into their neighbours',
  (name) => {
    expect(isProven(pin, { ...subject, [name]: `${subject[name]}0` }, made.toString('base64url'))).toBe(false);
    expect(isProven(pin, { ...subject, [name]: '' }, made.toString('base64url'))).toBe(false);
  },
);

describe('ATK-B16: keys under which anybody can sign', () => {
  test('are the eight points and their other encodings', () => expect(new Set(SMALL).size).toBe(14));

  test.each(SMALL)('%s proves nothing, in any form of DER', (x) => {
    for (const weak of [pinOf(x), pinOf(x, '30812a300506032b6570032100')]) {
      for (const r of SMALL) {
        const forged = Buffer.concat([Buffer.from(r, 'hex'), Buffer.alloc(32)]).toString('base64url');
        for (let nth = 0; nth < 16; nth++)
          expect(isProven(weak, { ...subject, challenge: `guess ${nth}` }, forged)).toBe(false);
      }
    }
  });
});

test.each<[string, string]>([
  ['an empty key', ''],
  ['no base64', '!!!'],
  ['the head alone', HEAD],
  ['31 bytes', `3029300506032b6570032000${'11'.repeat(31)}`],
  ['y beyond the prime', `${HEAD}${'ff'.repeat(31)}7f`],
  ['y that is on no curve', `${HEAD}${bytesOf(2n).toString('hex')}`],
  ['a key of X25519', `302a300506032b656e032100${'09'.padEnd(64, '0')}`],
  ['a key with more behind it', `${Buffer.from(pin.public_key, 'base64url').toString('hex')}00`],
])('ATK-B16: %s is a pin that proves nothing', (_what, hex) => {
  const bent: Pin = { ...pin, public_key: hex === '!!!' ? hex : Buffer.from(hex, 'hex').toString('base64url') };
  expect(isProven(bent, subject, made.toString('base64url'))).toBe(false);
});
