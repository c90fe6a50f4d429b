/** Keys, pins and the quarantine in files (wire.md 4). */
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import {
  addOperator,
  approve,
  enrollAgent,
  ensureFleetKeys,
  KeyFileError,
  loadConfig,
  placeOf,
  revokeAgent,
} from '../../boot/index.ts';
import { ensureKey, pinOf, readKey } from '../../boot/keys.ts';
import { fileOffers } from '../../boot/offers.ts';
import { addPins, filePins } from '../../boot/pins.ts';
import { fileQuarantine } from '../../boot/quarantine.ts';
import { fingerprintOf, publicKeyOf } from '../../mesh/index.ts';
import { AuroraError } from '../../protocol/index.ts';

const root = mkdtempSync(join(tmpdir(), 'aurora-keys-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
let config = loadConfig({ env: { AURORA_DATA: root } });
let place = placeOf(root);
beforeEach(() => {
  const data = join(root, String(++count));
  config = loadConfig({ env: { AURORA_DATA: data } });
  place = placeOf(data);
});
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('the first start makes a key for each process, readable by its owner alone, and pins the public halves', () => {
  ensureFleetKeys(config);
  const ids = ['orchestrator', ...Object.keys(agents)];
  for (const id of ids) {
    expect([modeOf(place.keyFile(id)), modeOf(place.keyFolder(id))]).toEqual([0o600, 0o700]);
    expect(filePins(place.pins).of(id)).toEqual(
      pinOf(id, id === 'orchestrator' ? 'orchestrator' : 'agent', readKey(place.keyFile(id))),
    );
  }
  expect(readFileSync(place.pins, 'utf8')).not.toContain('PRIVATE');
});

test('a key behind a link is judged by its own file: a mounted secret is one', () => {
  ensureFleetKeys(config);
  const file = place.keyFile('orchestrator');
  const link = join(dirname(file), 'linked.key');
  symlinkSync(file, link);
  expect(readKey(link).equals(readKey(file))).toBe(true);
  chmodSync(file, 0o644);
  expect(() => readKey(link)).toThrow(/may be read by others/);
});

test('what is revoked has no pin, no key, no approval and no place in the quarantine, and others keep theirs', () => {
  ensureFleetKeys(config);
  enrollAgent(config, 'guest');
  fileOffers(place.offers).keep('guest', {});
  fileQuarantine(place.quarantine, filePins(place.pins)).add({ id: 'stray', public_key: 'x' });
  const answers = ['guest', 'stray', 'nobody'].map((id) => revokeAgent(config, id));
  expect(answers).toEqual([true, true, false]);
  expect(filePins(place.pins).of('guest')).toBeUndefined();
  expect(existsSync(place.keyFile('guest'))).toBe(false);
  expect(fileOffers(place.offers).approved('guest')).toBeUndefined();
  expect(fileQuarantine(place.quarantine, filePins(place.pins)).list()).toEqual([]);
  expect(filePins(place.pins).of('threat-intel')).toBeDefined();
  expect(() => revokeAgent(config, 'orchestrator')).toThrow('is no agent');
  expect(existsSync(place.keyFile('orchestrator'))).toBe(true);
});

test('ATK-E9: a full quarantine refuses newcomers and pushes nobody out; one that was pinned makes room', () => {
  ensureFleetKeys(config);
  const waiting = fileQuarantine(place.quarantine, filePins(place.pins));
  waiting.add({ id: 'honest', public_key: 'own' });
  for (let nth = 1; nth < 256; nth++) waiting.add({ id: `s${nth}`, public_key: 'x' });
  expect(() => waiting.add({ id: 'one-more', public_key: 'x' })).toThrow(
    expect.objectContaining({ code: 4290, retry_after_ms: 60_000 }),
  );
  waiting.add({ id: 'honest', public_key: 'own' }); // waits already
  expect(waiting.list().map(({ id }) => id)).toContain('honest');
  addPins(place.pins, [{ id: 's7', role: 'agent', public_key: 'x' }]);
  const later = fileQuarantine(place.quarantine, filePins(place.pins));
  later.add({ id: 'one-more', public_key: 'x' });
  expect(later.list().map(({ id }) => id)).toEqual(expect.arrayContaining(['honest', 'one-more']));
  later.drop(['honest', 'nobody']);
  expect(waiting.list().map(({ id }) => id)).not.toContain('honest');
  expect(waiting.list()).toHaveLength(255);
});

test('whoever waits under the name of a folder of somebody else takes no key along, and no agent is enrolled there', () => {
  ensureFleetKeys(config);
  const { key_file } = addOperator(config, 'local');
  fileQuarantine(place.quarantine, filePins(place.pins)).add({ id: 'operator-local', public_key: 'x' });
  expect(() => enrollAgent(config, 'operator-local')).toThrow('keys of people');
  expect(revokeAgent(config, 'operator-local')).toBe(true);
  expect(existsSync(key_file)).toBe(true);
  expect(filePins(place.pins).of('operator:local')).toBeDefined();
});

test('a second start touches nothing that is there', () => {
  ensureFleetKeys(config);
  const before = readFileSync(place.pins, 'utf8') + readFileSync(place.keyFile('threat-intel'), 'utf8');
  ensureFleetKeys(config);
  expect(readFileSync(place.pins, 'utf8') + readFileSync(place.keyFile('threat-intel'), 'utf8')).toBe(before);
});

test.each([0o640, 0o604, 0o660])(
  'a key that others may read is refused, with the command that mends it (mode %o)',
  (mode) => {
    const path = place.keyFile('threat-intel');
    ensureKey(path);
    chmodSync(path, mode);
    expect(() => readKey(path)).toThrow(`chmod 600 ${path}`);
    expect(() => ensureFleetKeys(config)).toThrow(KeyFileError);
  },
);

test('no key, no private key and another kind of key are three sentences', () => {
  const path = place.keyFile('x');
  expect(() => readKey(path)).toThrow('there is no key');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'hello', { mode: 0o600 });
  expect(() => readKey(path)).toThrow('holds no private key');
  const { privateKey } = generateKeyPairSync('x25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  expect(() => readKey(path)).toThrow('not Ed25519');
});

test('a pin that another process adds counts from the next turn of the loop on; the same id with another key does not replace it', async () => {
  const pins = filePins(place.pins);
  expect(pins.of('my-agent')).toBeUndefined();
  await nextTurn();
  const { key_file } = enrollAgent(config, 'my-agent');
  expect(pins.of('my-agent')).toEqual(pinOf('my-agent', 'agent', readKey(key_file)));
  const other = generateKeyPairSync('ed25519').privateKey;
  expect(() => addPins(place.pins, [pinOf('my-agent', 'agent', other)])).toThrow('pinned');
  expect(pins.of('my-agent')?.public_key).toBe(publicKeyOf(readKey(key_file)));
});

test.each(['../../etc/x', 'a/b', 'Threat', '', 'a'.repeat(65), 'operator:x'])('"%s" is no name for a key', (name) => {
  expect(() => enrollAgent(config, name)).toThrow(KeyFileError);
  expect(() => addOperator(config, name)).toThrow(KeyFileError);
});

test('a stranger waits until it is approved, then its key is pinned; a second key under its id is refused (ATK-E9)', async () => {
  const [first = '', second = ''] = [1, 2].map(() => publicKeyOf(generateKeyPairSync('ed25519').privateKey));
  const pins = filePins(place.pins);
  const quarantine = fileQuarantine(place.quarantine, pins);
  expect(() => approve(place, 'newcomer')).toThrow('no agent newcomer waits');
  quarantine.add({ id: 'newcomer', public_key: first });
  quarantine.add({ id: 'newcomer', public_key: first });
  expect(() => quarantine.add({ id: 'newcomer', public_key: second })).toThrow(AuroraError);
  expect(quarantine.list()).toEqual([{ id: 'newcomer', public_key: first }]);
  expect(() => approve(place, 'somebody')).toThrow('waiting: newcomer');
  expect(() => approve(place, 'newcomer', { fingerprint: fingerprintOf(second) })).toThrow(
    `fingerprint ${fingerprintOf(first)}, not`,
  );
  expect(() => approve(place, 'newcomer', { card: '0'.repeat(16) })).toThrow('a key waits under newcomer, and no card');
  expect(pins.of('newcomer')).toBeUndefined();
  approve(place, 'newcomer', { fingerprint: fingerprintOf(first).toUpperCase() });
  await nextTurn();
  expect(pins.of('newcomer')).toEqual({ id: 'newcomer', role: 'agent', public_key: first });
  expect(quarantine.list()).toEqual([]);
});

test('a damaged pin file stops with its name, rather than trusting nobody or everybody', () => {
  ensureFleetKeys(config);
  writeFileSync(place.pins, '[{"id":');
  expect(() => filePins(place.pins).of('threat-intel')).toThrow(`${place.pins} is damaged`);
});

test('a pin file that is damaged while it is used changes nothing but the log: what it said last counts', async () => {
  ensureFleetKeys(config);
  const whole = readFileSync(place.pins, 'utf8');
  const told: unknown[] = [];
  const pins = filePins(place.pins, (reason) => told.push(reason));
  const pin = pins.of('threat-intel');
  writeFileSync(place.pins, whole.slice(0, -10));
  await nextTurn();
  expect([pins.of('threat-intel'), pins.of('threat-intel')]).toEqual([pin, pin]);
  expect(told).toEqual([expect.any(KeyFileError)]);
  expect(() => addPins(place.pins, [])).toThrow('is damaged'); // a writer would lose what cannot be read
  writeFileSync(place.pins, '[]');
  await nextTurn();
  expect(pins.of('threat-intel')).toBeUndefined();
});

test('more pins than a reader takes are never written', () => {
  const public_key = publicKeyOf(generateKeyPairSync('ed25519').privateKey);
  const many = Array.from({ length: 4_096 }, (_, nth) => ({ id: `agent-${nth}`, role: 'agent' as const, public_key }));
  addPins(place.pins, many);
  const before = readFileSync(place.pins, 'utf8');
  expect(() => addPins(place.pins, [{ id: 'one-more', role: 'agent', public_key }])).toThrow('is full');
  expect(readFileSync(place.pins, 'utf8')).toBe(before);
});
