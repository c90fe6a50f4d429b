/** The sentences and the checks are the same set: none is said and not tried, none is tried and not said. */
import { expect, test } from 'vitest';
import { checks } from '../../conformance/checks/index.ts';
import { WATCHED } from '../../conformance/checks/watched.ts';
import { requirements } from '../../conformance/index.ts';

const ids = Object.keys(requirements);

test('every sentence has a check, or is watched over the whole run, and every check has its sentence', () => {
  const proven = new Set<string>([...checks.map(({ id }) => id), ...WATCHED]);
  expect(ids.filter((id) => !proven.has(id))).toEqual([]);
  expect([...proven].filter((id) => !ids.includes(id))).toEqual([]);
});

test('where a sentence applies, something tries it: under each of its profiles', () => {
  const untried = Object.entries(requirements).flatMap(([id, { profiles }]) =>
    profiles
      .filter((profile) => !checks.some((check) => check.id === id && check.profiles.includes(profile)))
      .filter(() => !WATCHED.some((watched) => watched === id))
      .map((profile) => `${id} under ${profile}`),
  );
  expect(untried).toEqual([]);
});

test('there are 150 sentences and more, each with a level, a source and a full stop, none said twice', () => {
  const all = Object.values(requirements);
  expect(all.length).toBeGreaterThanOrEqual(150);
  for (const { text, source, profiles } of all) {
    expect(text).toMatch(/^\S.*\.$/);
    expect(source).not.toBe('');
    expect(profiles.length).toBeGreaterThan(0);
  }
  expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
});
