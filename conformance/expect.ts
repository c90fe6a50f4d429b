/** What checks expect of a message: a refusal of some code, an echo of the id, silence. */
import { isFrame, type Frame } from './answers.ts';
import { demand, show } from './check.ts';
import type { Talk } from './talk.ts';

/** The code of an error; undefined for whatever is none. */
export function codeOf(message: unknown): number | undefined {
  const error = isFrame(message) ? message['error'] : undefined;
  const code = isFrame(error) ? error['code'] : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** An error of that code; `after` tells what was said. */
export function expectCode(message: unknown, code: number, after: string): asserts message is Frame {
  demand(codeOf(message) === code, `${after} was answered ${show(message)}, not ${code}`);
}

/** An error of that code, with that id. */
export function expectRefusal(message: unknown, code: number, id: unknown, after: string): void {
  const holds = isFrame(message) && codeOf(message) === code && message['id'] === id;
  demand(holds, `${after} was answered ${show(message)}, not ${code} with the id ${show(id)}`);
}

/** An answer that finds no fault with the frame itself. */
export function expectTaken(message: unknown, after: string): void {
  const code = codeOf(message);
  demand(isFrame(message) && code !== -32600 && code !== -32700, `${after} was answered ${show(message)}`);
}

/** Nothing was answered, though one more question was. */
export async function expectSilence(talk: Talk, after: string): Promise<void> {
  const said = await talk.unasked();
  demand(said.length === 0, `${after} was answered ${show(said)}, where silence was due`);
}
