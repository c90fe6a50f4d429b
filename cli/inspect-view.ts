/** What the inspector shows: everything a peer says of itself, harmless to the terminal. */
import { colors } from '../boot/index.ts';
import type { Skill, Visit } from '../conformance/index.ts';
import { plainTable } from './print.ts';
import { safe, wrap } from './text.ts';

/** Who it is. */
export function toCardText({ card, document, introduced, profile }: Visit, url: string): string {
  const info = isRecord(document?.['info']) ? document['info'] : {};
  const agent = isRecord(introduced?.['agent']) ? introduced['agent'] : {};
  const name = said(card?.['name'] ?? info['title'] ?? agent['name'] ?? agent['agent_id']);
  const about = said(card?.['description'] ?? info['description']);
  const facts = [
    ['address', url],
    ['speaks', profile],
    ['version', said(card?.['version'] ?? info['version'] ?? agent['version'])],
    ['agent', said(agent['agent_id'])],
    ['instance', said(agent['instance_id'])],
    ['card', card ? 'yes' : 'none'],
  ].filter(([, value]) => value !== '');
  return [
    colors.bold(name === '' ? 'A peer that says no name' : name),
    ...(about === '' ? [] : [wrap(about, '  ')]),
    ...facts.map(([label = '', value = '']) => `  ${label.padEnd(9)} ${safe(value)}`),
  ].join('\n');
}

/** What it offers. */
export function toSkillsText({ skills, document, profile }: Visit): string {
  const title = profile === 'orchestrator' ? 'Methods' : 'Skills';
  if (skills.length === 0) return `${title}: it publishes none; try one by its name with raw, or --try`;
  const summaries = new Map(methodsOf(document).map((method) => [method['name'], said(method['summary'])]));
  const table = plainTable(['name', 'effect', 'what']);
  for (const { name, effect } of skills) table.push([safe(name), effect, summaries.get(name) ?? '']);
  return `${title}\n${table.toString()}`;
}

/** What a skill takes and returns. */
export function toSchemaText({ name, params_schema, result_schema, params }: Skill): string {
  const example = Object.keys(params).length > 0 ? [`  example  ${toJson(params)}`] : [];
  return [
    colors.bold(safe(name)),
    ...example,
    `  params\n${indented(params_schema)}`,
    `  result\n${indented(result_schema)}`,
  ].join('\n');
}

/** An answer: the result, or the error in red. */
export function toAnswerText(answer: Record<string, unknown>): string {
  const text = safeLines(JSON.stringify(answer['error'] ?? answer['result'] ?? answer, null, 2));
  return 'error' in answer ? colors.red(text) : text;
}

/** Text of several lines, each harmless. */
export const safeLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => safe(line))
    .join('\n');

/** JSON on one line, harmless. */
export const toJson = (value: unknown): string => safe(JSON.stringify(value));

const indented = (schema: unknown): string =>
  schema === undefined
    ? '    not published'
    : safeLines(JSON.stringify(schema, null, 2))
        .split('\n')
        .map((line) => `    ${line}`)
        .join('\n');

const methodsOf = (document: Record<string, unknown> | undefined): Record<string, unknown>[] =>
  Array.isArray(document?.['methods']) ? document['methods'].filter(isRecord) : [];

/** Text that a peer gave; empty where it gave something else. */
const said = (value: unknown): string => (typeof value === 'string' ? safe(value.slice(0, SAID_CHARS_MAX)) : '');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const SAID_CHARS_MAX = 500;
