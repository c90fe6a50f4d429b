/** What help and refusals say to somebody who has never seen the commands. */
import { afterEach, expect, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';

afterEach(() => void vi.restoreAllMocks());

/** One command in this process: how it ended, and all that it said. */
async function said(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const hear = (part: unknown) => (text += String(part)) !== '';
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'on').mockReturnThis(); // once a process is enough
  const code = await main(args);
  vi.restoreAllMocks();
  return { code, text };
}

/** The commands that a help lists, each with the words that call it; `list` is the same as the bare word before it. */
async function commandsBelow(path: string[] = []): Promise<{ path: string[]; help: string }[]> {
  const { text: help } = await said(...path, '--help');
  const [, listed = ''] = /\nCommands:\n([^]*?)(?:\n\n|$)/.exec(help) ?? [];
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
  const below: { path: string[]; help: string }[] = [];
  for (const name of names.filter((each) => each !== 'help' && each !== 'list'))
    below.push(...(await commandsBelow([...path, name])));
  return [{ path, help }, ...below];
}

test('the help of every command shows an example of that command', async () => {
  const all = await commandsBelow();
  expect(all.length).toBeGreaterThan(40);
  const without = all.filter(
    ({ path, help }) => !new RegExp(`\\nExamples?:\\n[^]*aurora (--\\S+ )*([a-z]+ )?${path.join(' ')}`).test(help),
  );
  expect(without.map(({ path }) => path.join(' '))).toEqual([]);
});

test('a change of a user that changes nothing, or two things at once, is refused before anybody is asked', async () => {
  const nothing = await said('users', 'set', 'anna');
  expect(nothing).toMatchObject({ code: 2, text: expect.stringContaining('Say what to change: --role, ') as string });
  const both = await said('users', 'set', 'anna', '--disable', '--enable');
  expect(both).toMatchObject({ code: 2, text: expect.stringContaining('one of --disable and --enable') as string });
});
