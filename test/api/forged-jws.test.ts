/** Signatures that are nearly right: every way in which a compact JWS can be bent is refused, and only the one that was made counts (ATK-B16). */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokens } from '../../api/tokens.ts';
import { countingIds, manualClock } from '../../seams/index.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const KID = 'k1';
const publicKey = createPublicKey(privateKey);
const keys = {
  current: () => ({ kid: KID, private_key: privateKey }),
  find: (kid: string) => (kid === KID ? publicKey : undefined),
};
const tokens = createTokens({ keys, clock: manualClock(), ids: countingIds() });
const made = tokens.sign({ username: 'anna', session_id: 's1' });

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decoded = (text: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;

/** A token over another header, honestly signed with our key. */
const under = (header: unknown) => (_head: string, payload: string) => {
  const signed = `${encoded(header)}.${payload}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
};
/** The same head and payload with another signature. */
const withSignature =
  (bend: (signature: Buffer) => Buffer | string) => (head: string, payload: string, text: string) => {
    const bent = bend(Buffer.from(text, 'base64url'));
    return `${head}.${payload}.${typeof bent === 'string' ? bent : bent.toString('base64url')}`;
  };
const good = { alg: 'EdDSA', kid: KID, typ: 'at+jwt' };

/** The order of the group, little-endian: S + L is the same number to a verifier that does not look (RFC 8032, 5.1.7). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const plusOrder = (signature: Buffer): Buffer => {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + L;
  const half = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([signature.subarray(0, 32), half]);
};
const flipped = (signature: Buffer, at: number, bits = 1): Buffer => {
  const bent = Buffer.from(signature);
  bent[at] = bent[at]! ^ bits;
  return bent;
};

test('the token that was made counts', async () => {
  await expect(tokens.verify((await made).access_token)).resolves.toMatchObject({ username: 'anna', session_id: 's1' });
});

test.each<[string, (head: string, payload: string, signature: string) => string]>([
  ['no signature', (head, payload) => `${head}.${payload}.`],
  ['no signature and no dot', (head, payload) => `${head}.${payload}`],
  ['an empty token', () => ''],
  ['dots alone', () => '..'],
  ['a fourth part', (head, payload, signature) => `${head}.${payload}.${signature}.${signature}`],
  ['the first bit of R flipped', withSignature((signature) => flipped(signature, 0))],
  ['the last bit of S flipped', withSignature((signature) => flipped(signature, 63))],
  ['S beyond the order of the group', withSignature(plusOrder)],
  ['a signature of zeros', withSignature(() => Buffer.alloc(64))],
  ['a neutral R and S of zero', withSignature(() => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]))],
  ['a signature one byte short', withSignature((signature) => signature.subarray(0, 63))],
  ['a signature one byte long', withSignature((signature) => Buffer.concat([signature, Buffer.alloc(1)]))],
  ['the signature twice', withSignature((signature) => Buffer.concat([signature, signature]))],
  [
    'a signature in DER',
    withSignature((s) =>
      Buffer.concat([Buffer.from([0x30, 0x44, 2, 32]), s.subarray(0, 32), Buffer.from([2, 32]), s.subarray(32)]),
    ),
  ],
  ['a signature with a null byte in its text', withSignature((signature) => `${signature.toString('base64url')}\0`)],
  [
    'a signature whose last character says the same bytes',
    withSignature((s) =>
      s.toString('base64url').replace(/.$/, (last) => ({ A: 'B', Q: 'R', g: 'h', w: 'x' })[last] ?? ''),
    ),
  ],
  ['a signature with padding', withSignature((signature) => `${signature.toString('base64url')}==`)],
  ['a signature with a line end', withSignature((signature) => `${signature.toString('base64url')}\n`)],
  ['a signature with a blank in it', withSignature((s) => s.toString('base64url').replace(/^.{9}/, '$& '))],
  ['a signature with a character of no alphabet', withSignature((s) => `${s.toString('base64url')}!`)],
  ['a header with padding', (head, payload, signature) => `${head}=.${payload}.${signature}`],
  ['a payload with a line end', (head, payload, signature) => `${head}.${payload}\n.${signature}`],
  [
    'S of the order',
    withSignature((s) => Buffer.concat([s.subarray(0, 32), plusOrder(Buffer.alloc(64)).subarray(32)])),
  ],
  ['S with its highest bit', withSignature((signature) => flipped(signature, 63, 0x80))],
  ['R with the other sign', withSignature((signature) => flipped(signature, 31, 0x80))],
  ['R and S exchanged', withSignature((s) => Buffer.concat([s.subarray(32), s.subarray(0, 32)]))],
  ['a signature in hex', withSignature((signature) => signature.toString('hex'))],
  [
    'another payload',
    (head, payload, signature) => `${head}.${encoded({ ...decoded(payload), sub: 'user:admin' })}.${signature}`,
  ],
  [
    'another header',
    (head, payload, signature) => `${encoded({ ...decoded(head), extra: 1 })}.${payload}.${signature}`,
  ],
  ['a header that is no JSON', under('not json')],
  ['a header that is a list', under([])],
  ['a header that is null', under(null)],
  ['no algorithm', under({ kid: KID, typ: 'at+jwt' })],
  ['the algorithm none', under({ ...good, alg: 'none' })],
  ['the algorithm in small letters', under({ ...good, alg: 'eddsa' })],
  ['an HMAC', under({ ...good, alg: 'HS256' })],
  ['RSA', under({ ...good, alg: 'RS256' })],
  ['an elliptic curve of NIST', under({ ...good, alg: 'ES256' })],
  ['the algorithm as a list', under({ ...good, alg: ['EdDSA'] })],
  ['an extension that must be understood', under({ ...good, crit: ['exp'], exp: 9e9 })],
  ['an empty list of such extensions', under({ ...good, crit: [] })],
  ['a payload that is not encoded', under({ ...good, crit: ['b64'], b64: false })],
  ['another key by name', under({ ...good, kid: 'k2' })],
  ['no name of a key', under({ alg: 'EdDSA', typ: 'at+jwt' })],
  ['a key name that every object has', under({ ...good, kid: '__proto__' })],
  ['a key of its own', under({ alg: 'EdDSA', typ: 'at+jwt', jwk: publicKey.export({ format: 'jwk' }) })],
  ['another type', under({ ...good, typ: 'JWT' })],
  [
    'the general JSON form',
    (head, payload, signature) => JSON.stringify({ payload, signatures: [{ protected: head, signature }] }),
  ],
  ['the flattened JSON form', (head, payload, signature) => JSON.stringify({ payload, protected: head, signature })],
])('ATK-B16: %s is refused', async (_what, bend) => {
  const [head = '', payload = '', signature = ''] = (await made).access_token.split('.');
  const bent = bend(head, payload, signature);
  await expect(tokens.verify(bent)).rejects.toMatchObject({ code: 4012 });
});

test('ATK-B16: not one bit of a signature may be another, nor one character of a token', async () => {
  const text = (await made).access_token;
  const dot = text.lastIndexOf('.');
  const signature = Buffer.from(text.slice(dot + 1), 'base64url');
  const bent = Array.from({ length: 512 }, (_, bit) => {
    const other = flipped(signature, bit >> 3, 1 << (bit & 7));
    return `${text.slice(0, dot)}.${other.toString('base64url')}`;
  });
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'A' ? 'B' : 'A';
    bent.push(text.slice(0, at) + other + text.slice(at + 1), text.slice(0, at) + text.slice(at + 1));
  }
  const believed = await Promise.all(
    bent.map((token) =>
      tokens.verify(token).then(
        () => [token],
        () => [],
      ),
    ),
  );
  expect(believed.flat()).toEqual([]);
});
