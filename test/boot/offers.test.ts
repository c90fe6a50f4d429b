/** Approved offers outlive the orchestrator, are changed by a person alone, and by whoever starts the fleet anew. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyFileError } from '../../boot/keys.ts';
import { approveOffer, fileOffers, forgetOffers } from '../../boot/offers.ts';
import { approve } from '../../boot/approving.ts';
import { placeOf } from '../../boot/place.ts';
import { cardDigestOf } from '../../mesh/index.ts';

const LOOKS = {
  look_up: { effect: 'read', action_class: 'read', routable: true, targets: [], effect_kinds: [], investigates: [] },
} as const;
const ACTS = {
  ...LOOKS,
  isolate_host: {
    effect: 'idempotent',
    action_class: 'high',
    routable: true,
    targets: [],
    effect_kinds: [],
    investigates: [],
  },
} as const;
const literal = (offer: object) => JSON.parse(JSON.stringify(offer)) as never;
const digest = (offer: object) => cardDigestOf(literal(offer));

let data: string;
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'aurora-offers-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

test('what was asked for counts once it is approved, for every process that reads the file (ATK-E3)', () => {
  const place = placeOf(data);
  const offers = fileOffers(place.offers);
  offers.keep('ada', literal(LOOKS));
  offers.ask('ada', literal(ACTS));
  expect(fileOffers(place.offers).approved('ada')).toEqual(LOOKS);
  expect(approve(place, 'ada', { card: digest(ACTS) })).toBe('offer');
  expect(fileOffers(place.offers).approved('ada')).toEqual(ACTS);
  expect(() => approve(place, 'ada')).toThrow('no agent ada waits for approval');
  expect(statSync(place.offers).mode & 0o777).toBe(0o600);
});

test('a card that came after somebody had looked is not approved with the one that they saw (ATK-E3)', () => {
  const place = placeOf(data);
  const offers = fileOffers(place.offers);
  const graver = { ...ACTS, erase: { ...LOOKS.look_up, effect: 'non_idempotent', action_class: 'high' } };
  offers.keep('ada', literal(LOOKS));
  offers.ask('ada', literal(ACTS));
  const seen = digest(ACTS);
  offers.ask('ada', literal(graver));
  expect(() => approve(place, 'ada')).toThrow('--card with the digest that aurora agents shows');
  expect(() => approve(place, 'ada', { card: seen })).toThrow(expect.objectContaining({ code: 4090 }));
  expect(() => approve(place, 'ada', { card: seen })).toThrow('look again');
  expect(fileOffers(place.offers).approved('ada')).toEqual(LOOKS);
  offers.ask('ada', literal(ACTS));
  expect(approve(place, 'ada', { card: seen.toUpperCase() })).toBe('offer');
  expect(fileOffers(place.offers).approved('ada')).toEqual(ACTS);
});

test('a fleet that is started anew is looked at anew, and only its own agents', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal(LOOKS));
  offers.keep('stranger', literal(LOOKS));
  forgetOffers(path, ['ada', 'bob']);
  expect(offers.approved('ada')).toBeUndefined();
  expect(offers.approved('stranger')).toEqual(LOOKS);
  expect(approveOffer(path, 'stranger', undefined)).toBe(false);
});

test('a damaged file approves nobody', () => {
  const { offers: path } = placeOf(data);
  fileOffers(path).keep('ada', literal(LOOKS));
  writeFileSync(path, '{"ada":');
  expect(() => fileOffers(path).approved('ada')).toThrow(KeyFileError);
});

test('an offer more is added to the file, and nothing of it is written again', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal(LOOKS));
  const { ino } = statSync(path);
  const before = readFileSync(path, 'utf8');
  for (let nth = 0; nth < 100; nth++) offers.keep(`agent-${nth}`, literal(LOOKS));
  expect(statSync(path).ino).toBe(ino);
  expect(readFileSync(path, 'utf8').startsWith(before)).toBe(true);
  expect(fileOffers(path).approved('agent-99')).toEqual(LOOKS);
});

test('what asks for more again and again makes the file no longer than its bound', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal({}));
  for (let nth = 0; nth < 8_300; nth++) offers.ask('ada', literal({}));
  expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(200);
  expect(approveOffer(path, 'ada', digest({}))).toBe(true);
});

test('a crash while an offer was added loses that offer alone: it was told to nobody yet', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal(LOOKS));
  offers.keep('bob', literal(LOOKS));
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
  const next = fileOffers(path);
  expect([next.approved('ada'), next.approved('bob')]).toEqual([LOOKS, undefined]);
  next.keep('cyd', literal(ACTS));
  expect(fileOffers(path).approved('cyd')).toEqual(ACTS);
  expect(fileOffers(path).approved('ada')).toEqual(LOOKS);
});

test('a line in the middle that is none, or an empty file, approves nobody', () => {
  const { offers: path } = placeOf(data);
  fileOffers(path).keep('ada', literal(LOOKS));
  appendFileSync(path, '{"bob":\n{"cyd":{}}\n');
  expect(() => fileOffers(path).approved('ada')).toThrow(KeyFileError);
  writeFileSync(path, '');
  expect(() => fileOffers(path).approved('ada')).toThrow(KeyFileError);
});

test('the indented file of earlier versions is read, and what comes is added in the new form', () => {
  const { offers: path } = placeOf(data);
  fileOffers(path).keep('ada', literal(LOOKS));
  writeFileSync(path, `${JSON.stringify({ ada: { approved: LOOKS, asked: ACTS } }, null, 2)}\n`);
  const offers = fileOffers(path);
  expect(offers.approved('ada')).toEqual(LOOKS);
  offers.keep('bob', literal(LOOKS));
  expect(fileOffers(path).approved('bob')).toEqual(LOOKS);
  expect(approveOffer(path, 'ada', digest(ACTS))).toBe(true);
  expect(offers.approved('ada')).toEqual(ACTS);
});

test('what another process approves between two offers is not lost', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal(LOOKS));
  offers.ask('ada', literal(ACTS));
  approveOffer(path, 'ada', digest(ACTS));
  offers.keep('bob', literal(LOOKS));
  expect(offers.approved('ada')).toEqual(ACTS);
  expect(fileOffers(path).approved('ada')).toEqual(ACTS);
});
