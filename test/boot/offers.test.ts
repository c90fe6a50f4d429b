/** Approved offers outlive the orchestrator, are changed by a person alone, and by whoever starts the fleet anew. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyFileError } from '../../boot/keys.ts';
import { approveOffer, fileOffers, forgetOffers } from '../../boot/offers.ts';
import { approve } from '../../boot/pins.ts';
import { placeOf } from '../../boot/place.ts';

const LOOKS = {
  look_up: { effect: 'read', action_class: 'read', routable: true, targets: [], investigates: [] },
} as const;
const ACTS = {
  ...LOOKS,
  isolate_host: { effect: 'idempotent', action_class: 'high', routable: true, targets: [], investigates: [] },
} as const;
const literal = (offer: object) => JSON.parse(JSON.stringify(offer)) as never;

let data: string;
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'aurora-offers-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

test('what was asked for counts once it is approved, for every process that reads the file (ATK-E3)', () => {
  const place = placeOf(data);
  const offers = fileOffers(place.offers);
  offers.keep('ada', literal(LOOKS));
  offers.ask('ada', literal(ACTS));
  expect(fileOffers(place.offers).approved('ada')).toEqual(LOOKS);
  expect(approve(place, 'ada')).toBe('offer');
  expect(fileOffers(place.offers).approved('ada')).toEqual(ACTS);
  expect(() => approve(place, 'ada')).toThrow('no agent ada waits for approval');
  expect(statSync(place.offers).mode & 0o777).toBe(0o600);
});

test('a fleet that is started anew is looked at anew, and only its own agents', () => {
  const { offers: path } = placeOf(data);
  const offers = fileOffers(path);
  offers.keep('ada', literal(LOOKS));
  offers.keep('stranger', literal(LOOKS));
  forgetOffers(path, ['ada', 'bob']);
  expect(offers.approved('ada')).toBeUndefined();
  expect(offers.approved('stranger')).toEqual(LOOKS);
  expect(approveOffer(path, 'stranger')).toBe(false);
});

test('a damaged file approves nobody', () => {
  const { offers: path } = placeOf(data);
  fileOffers(path).keep('ada', literal(LOOKS));
  writeFileSync(path, '{"ada":');
  expect(() => fileOffers(path).approved('ada')).toThrow(KeyFileError);
});
