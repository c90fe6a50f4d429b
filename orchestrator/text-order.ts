/** Free text as an order: the rules planner reads what kind of thing it is (wire.md 5). */
import { AuroraError, INLINE_BYTES_MAX, type HandoffTo } from '../protocol/index.ts';
import { detectKind } from './kind.ts';

/** What a text asks for. Throws -32602 naming the skills there are when the rules find nothing in it. */
export function toTextOrder(
  task: string,
  skills: readonly string[],
): { to: HandoffTo; skill: string; params: Record<string, unknown> } {
  const named = skills.find((skill) => new RegExp(`\\b${skill}\\b`).test(task));
  const bytes = Buffer.from(task);
  const kind = detectKind(bytes);
  const names_something = kind !== 'report' || INDICATOR.test(task);
  if (!names_something || bytes.byteLength > INLINE_BYTES_MAX) {
    const hint = named ? ` To use ${named}, name it in /to and give /params.` : '';
    throw new AuroraError(-32602, {
      message: `Invalid params: /task names nothing that can be investigated.${hint}`,
      detail: { skills: [...skills, 'investigate'] },
    });
  }
  return { to: { skill: 'investigate' }, skill: 'investigate', params: { input: { name: 'task', text: task }, kind } };
}

/** Something that looks like an address, a name, a hash or a link, defanged or not; short and linear on purpose. */
const INDICATOR =
  /\b(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}\b|\bh(?:tt|xx)ps?:\/\/|\b[0-9a-f]{32,64}\b|\b[a-z0-9-]{1,63}(?:\.|\[\.\])[a-z]{2,24}\b|\bCVE-\d{4}-\d{4,7}\b/i;
