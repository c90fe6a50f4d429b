/** How an error looks on the wire, bare and under mesh.v1 (wire.md 9). */
import { errorData, errorResponse, type AuroraError, type RpcId, type RpcResponse } from '../protocol/index.ts';

/** What an error answer says about its call. */
export interface AnswerAbout {
  id: RpcId;
  request_id: string;
  /** ISO time. */
  at: string;
  /** Under mesh.v1 every error has `data`; a bare peer gets none with JSON-RPC's own codes. */
  is_mesh: boolean;
}

/** The answer. Bare: `Method not found` stays exactly that, the other codes of JSON-RPC name the request id in their message. */
export function toErrorAnswer(error: AuroraError, about: AnswerAbout): RpcResponse {
  const { code, message } = error;
  if (about.is_mesh || code >= 4000) {
    return errorResponse(about.id, { code, message, data: errorData(error, about) });
  }
  const text = code === -32601 ? message : `${message} (request ${about.request_id})`;
  return errorResponse(about.id, { code, message: text });
}
