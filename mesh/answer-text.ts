/** Answers as the text of a frame that the other end takes. */
import { AuroraError, type RpcResponse } from '../protocol/index.ts';
import { toIso, type Clock, type Ids } from '../seams/index.ts';
import { toErrorAnswer } from './error-answer.ts';

/** Who answers, and how much the other end takes. */
export interface Answerer {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly is_mesh: boolean;
  readonly limits: { readonly frame_bytes_max: number };
}

/** The answer as text; one that cannot be written, or that would kill the link at the other end, becomes an error. */
export function toAnswerText(
  response: RpcResponse,
  answerer: Answerer,
  bytes_max = answerer.limits.frame_bytes_max,
): string {
  try {
    const text = JSON.stringify(response);
    const size = Buffer.byteLength(text);
    if (size <= bytes_max) return text;
    const { frame_bytes_max } = answerer.limits;
    return toErrorText(response, answerer, new AuroraError(4130, { detail: { size, frame_bytes_max } }));
  } catch (reason) {
    return toErrorText(response, answerer, new AuroraError(-32603, { cause: reason }));
  }
}

/** The answers of a batch share one frame: one that no longer fits becomes 4130, the others go. */
export function toBatchText(answers: readonly RpcResponse[], answerer: Answerer): string {
  const { frame_bytes_max } = answerer.limits;
  const own = Math.min(ERROR_BYTES, frame_bytes_max / (2 * answers.length));
  let shared = frame_bytes_max - own * answers.length;
  const texts = answers.map((answer) => {
    const text = toAnswerText(answer, answerer, own + shared);
    shared -= Math.max(0, Buffer.byteLength(text) + 1 - own);
    return text;
  });
  return `[${texts.join(',')}]`;
}

function toErrorText({ id }: RpcResponse, { clock, ids, is_mesh }: Answerer, error: AuroraError): string {
  return JSON.stringify(toErrorAnswer(error, { id, request_id: ids.uuid(), at: toIso(clock.now()), is_mesh }));
}

/** What every answer of a batch may take at least, so that there is room to say 4130. */
const ERROR_BYTES = 2_048;
