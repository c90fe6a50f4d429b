/** The inspector's shell: a line in, what the peer says out. */
import { createInterface, type Interface } from 'node:readline';
import { colors } from '../boot/index.ts';
import type { Skill, Visit } from '../conformance/index.ts';
import { skillOf } from './inspect-asked.ts';
import { safeLines, toAnswerText, toCardText, toJson, toSchemaText, toSkillsText } from './inspect-view.ts';
import { parseParams, type Params } from './params.ts';
import { safe } from './text.ts';

/** What the shell needs. */
export interface ShellDeps {
  url: string;
  /** Whether frames are shown, and how. */
  watcher: { on: boolean; show: (text: string) => void };
  save: (here: Visit, file: string) => void;
}

/** Reads commands until the person leaves. A command that fails is told, and the shell goes on. */
export async function runShell(here: Visit, { url, watcher, save }: ShellDeps): Promise<void> {
  const names = here.skills.map(({ name }) => safe(name));
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    historySize: HISTORY_MAX,
    completer: (line: string) => complete(line, names),
  });
  const show = (text: string) => void process.stdout.write(`${text}\n`);
  // A frame that comes while a line is typed stands above it.
  watcher.show = (text) => {
    process.stdout.write(`\r\u001b[2K${colors.dim(text)}\n`);
    terminal.prompt(true);
  };
  const ask = createAsking(terminal);
  show(
    `${toCardText(here, url)}\n\n${toSkillsText(here)}\n\n${colors.dim('help shows what can be done; tab completes')}`,
  );

  const commands: Record<string, (rest: string) => Promise<void> | void> = {
    card: () => show(safeLines(JSON.stringify(here.card ?? here.introduced ?? {}, null, 2))),
    skills: () => show(toSkillsText(here)),
    fleet: async () => show(toAnswerText(await here.ask('agent/list', {}))),
    schema: (name) => show(toSchemaText(skillOf(here, name) ?? unknownSkill(name))),
    try: async (rest) => {
      const [, name = '', json = ''] = /^(\S*)(?:\s+(\S[\s\S]*)?)?$/.exec(rest) ?? [];
      if (name === '') throw new Error('try which? try <skill> [json]');
      const skill = skillOf(here, name);
      const params = json === '' ? await askParams(ask, skill) : parseParams(json);
      show(toAnswerText(await here.ask(name, params)));
    },
    raw: async (text) => {
      if (text === '') throw new Error('raw what? raw {"jsonrpc":"2.0",…}');
      watcher.on = true; // whoever sends by hand wants to see what comes
      await here.say(text);
    },
    frames: (word) => {
      watcher.on = word === 'on' || (word === '' && !watcher.on);
      show(`frames are ${watcher.on ? 'shown' : 'not shown'}`);
    },
    save: (file) => {
      if (file === '') throw new Error('save where? save <file>');
      save(here, file);
    },
    help: () => show(HELP),
  };

  for (let line = await ask(PROMPT); line !== undefined; line = await ask(PROMPT)) {
    const [, word = '', rest = ''] = /^(\S*)(?:\s+(\S[\s\S]*))?$/.exec(line.trim()) ?? [];
    if (word === 'quit' || word === 'exit') break;
    if (word === '') continue;
    const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
    try {
      if (!command) throw new Error(`there is no ${safe(word)}; help shows what can be done`);
      await command(rest);
    } catch (reason) {
      show(colors.red(safe(reason instanceof Error ? reason.message : String(reason))));
    }
  }
  watcher.show = () => undefined;
  terminal.close();
}

/** Shows a prompt and takes a line; undefined once the person left. */
type Ask = (prompt: string) => Promise<string | undefined>;

/** Lines that were typed before they were asked for are kept, and taken in their order. */
function createAsking(terminal: Interface): Ask {
  const lines: string[] = [];
  let is_over = false;
  let onLine: () => void = () => undefined;
  terminal.on('line', (line) => {
    if (lines.length < LINES_MAX) lines.push(line);
    onLine();
  });
  terminal.once('close', () => {
    is_over = true;
    onLine();
  });
  return async (prompt) => {
    if (is_over) return lines.shift();
    terminal.setPrompt(prompt);
    terminal.prompt();
    if (lines.length === 0) await new Promise<void>((resolve) => (onLine = resolve));
    return lines.shift();
  };
}

/** Asks for each field of a skill's params; an empty line takes what stands in brackets. */
async function askParams(ask: Ask, skill: Skill | undefined): Promise<Params> {
  const fields = Object.entries(recordOf(skill?.params_schema?.['properties']));
  if (fields.length === 0) return skill?.params ?? {};
  const required = skill?.params_schema?.['required'];
  const params: Record<string, unknown> = {};
  for (const [name, schema] of fields) {
    const is_required = Array.isArray(required) && required.includes(name);
    const preset = skill?.params[name] ?? recordOf(schema)['default'];
    const value = await askField(ask, { name, schema: recordOf(schema), is_required, preset });
    if (value !== undefined) Object.defineProperty(params, name, { value, enumerable: true });
  }
  return params;
}

async function askField(
  ask: Ask,
  field: { name: string; schema: Record<string, unknown>; is_required: boolean; preset: unknown },
): Promise<unknown> {
  const { name, schema, is_required, preset } = field;
  const type = typeof schema['type'] === 'string' ? schema['type'] : 'JSON';
  const choices = Array.isArray(schema['enum']) ? ` ${toJson(schema['enum'])}` : '';
  const shown = preset === undefined ? (is_required ? '' : ' [left out]') : ` [${toJson(preset).slice(0, PRESET_MAX)}]`;
  for (;;) {
    const asked = `  ${safe(name)} ${colors.dim(`(${safe(type)}${is_required ? ', required' : ''})${choices}`)}${shown}: `;
    const text = await ask(asked);
    if (text === undefined) throw new Error('nothing was called');
    if (text.trim() === '' && (preset !== undefined || !is_required)) return preset;
    if (type === 'string') return text;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      process.stdout.write(`  ${colors.red(`say JSON for a ${safe(type)}`)}\n`);
    }
  }
}

function complete(line: string, names: readonly string[]): [string[], string] {
  const [, head = '', word = ''] = /^(\s*(?:try|schema)\s+)(\S*)$/.exec(line) ?? [];
  if (head !== '') return [names.filter((name) => name.startsWith(word)), word];
  return [COMMANDS.filter((name) => name.startsWith(line)), line];
}

const unknownSkill = (name: string): never => {
  throw new Error(name === '' ? 'schema of which? schema <skill>' : `nothing is published of ${safe(name)}`);
};

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

const PROMPT = '> ';
const HISTORY_MAX = 500;
/** Lines that wait to be asked for. */
const LINES_MAX = 1_000;
const PRESET_MAX = 120;
const COMMANDS = ['card', 'skills', 'fleet', 'schema ', 'try ', 'raw ', 'frames ', 'save ', 'help', 'quit'];
const HELP = `card             who it is, whole
skills           what it offers
fleet            the agents of an orchestrator
schema <skill>   what a skill takes and returns
try <skill>      call it: asks for each field; or try <skill> <json>
raw <text>       send any text as one message, and show what comes
frames on|off    show every frame, both ways
save <file>      everything said until now as a recording
quit`;
