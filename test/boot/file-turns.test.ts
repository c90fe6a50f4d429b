/** Pins, quarantine and approved offers lie in files that commands and the orchestrator write: two at once lose nothing (ATK-E9). */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { approve, enrollAgent, loadConfig, operatorsOf, placeOf } from '../../boot/index.ts';
import { fileOffers } from '../../boot/offers.ts';
import { filePins } from '../../boot/pins.ts';
import { fileQuarantine } from '../../boot/quarantine.ts';
import { turnsBeside } from '../../boot/place.ts';
import { createFileTurns } from '../../boot/file-turns.ts';
import { AuroraError } from '../../protocol/index.ts';
import { manualClock, systemClock } from '../../seams/index.ts';
import { aurora } from '../support/aurora.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'aurora-turn-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

test('commands that pin, approve and revoke at once, while strangers register, lose nobody', async () => {
  const place = placeOf(data);
  const pins = filePins(place.pins);
  const quarantine = fileQuarantine(place.quarantine, pins);
  for (const id of ['good', 'bad']) quarantine.add({ id, public_key: id });
  const end = createFileTurns(turnsBeside(place.pins), systemClock)(); // so that they meet, whoever starts first
  const run = (...args: string[]) => aurora(args, { env: { AURORA_DATA: data } });
  const commands = [
    run('operators', 'add', 'ann'),
    run('operators', 'add', 'bob'),
    run('agents', 'approve', 'good'),
    run('agents', 'revoke', 'bad'),
  ];
  await until(() => ['ann', 'bob'].every((name) => existsSync(place.keyFile(`operator:${name}`))));
  end?.();
  const registered: string[] = [];
  const register = async (): Promise<void> => {
    const id = `late-${registered.length}`;
    try {
      quarantine.add({ id, public_key: id });
      registered.push(id);
    } catch (reason) {
      if (!(reason instanceof AuroraError && reason.code === 5030)) throw reason; // somebody has the turn: it comes again
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (registered.length < LATE_MAX) await register();
  };
  await register();
  expect((await Promise.all(commands)).map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(operatorsOf({ data })).toEqual(['ann', 'bob']);
  expect(pins.of('good')?.public_key).toBe('good');
  expect(quarantine.list().map(({ id }) => id)).toEqual(registered);
});

test('while a command has the turn who serves refuses, and changes nothing', () => {
  const place = placeOf(data);
  const pins = filePins(place.pins);
  const quarantine = fileQuarantine(place.quarantine, pins);
  const offers = fileOffers(place.offers);
  quarantine.add({ id: 'ada', public_key: 'x' });
  const offer = {};
  const end = createFileTurns(turnsBeside(place.pins), systemClock)();
  expect(() => quarantine.add({ id: 'bob', public_key: 'x' })).toThrow(expect.objectContaining({ code: 5030 }));
  expect(() => offers.keep('ada', offer)).toThrow(expect.objectContaining({ code: 5030 }));
  expect(quarantine.drop(['ada'])).toBe(false);
  quarantine.add({ id: 'ada', public_key: 'x' }); // who waits goes on waiting
  expect([quarantine.list().length, existsSync(place.offers)]).toEqual([1, false]);
  end?.();
  quarantine.add({ id: 'bob', public_key: 'x' });
  expect(quarantine.list()).toHaveLength(2);
  offers.keep('ada', offer);
  expect(offers.approved('ada')).toEqual(offer);
});

test('whoever died in a turn is waited for no longer than 25 s, also where the clock was set back', () => {
  const folder = join(data, 'turns');
  const clock = manualClock();
  const left = join(folder, '7');
  mkdirSync(folder);
  writeFileSync(left, 'held');
  utimesSync(left, new Date(clock.now() + 86_400_000), new Date(clock.now() + 86_400_000));
  const take = createFileTurns(folder, clock);
  expect(take()).toBeUndefined();
  clock.advance(25_000);
  expect(take()).toBeUndefined();
  clock.advance(1);
  take()?.();
  expect(readFileSync(join(folder, '8'), 'utf8')).toBe('over');
});

test('whoever is pinned already waits for nobody: a start after a crash in a turn is no slower', () => {
  const config = loadConfig({ env: { AURORA_DATA: data } });
  enrollAgent(config, 'ada');
  const folder = turnsBeside(placeOf(data).pins);
  writeFileSync(join(folder, '99'), 'held');
  expect(dirname(enrollAgent(config, 'ada').key_file)).toBe(placeOf(data).keyFolder('ada'));
  expect(readFileSync(join(folder, '99'), 'utf8')).toBe('held');
});

test('a refused approval ends its turn too', () => {
  const place = placeOf(data);
  expect(() => approve(place, 'nobody')).toThrow('no agent nobody waits');
  expect(createFileTurns(turnsBeside(place.pins), systemClock)()).toBeTypeOf('function');
});

/** A command takes its time to start. */
const until = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 60_000, interval: 20 });

/** Strangers that come while the commands run. */
const LATE_MAX = 30;
