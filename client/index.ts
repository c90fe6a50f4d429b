/** The typed SDK, made from the route table. In Node, `ws` is loaded when the first stream is opened. */
import { createClientOn, type Client, type ClientOptions } from './client.ts';
import { nodeSocket } from './node-socket.ts';
import { systemPlatform } from './platform.ts';

export * from './errors.ts';
export type { Batch, BatchOptions, Question } from './batch.ts';
export type { CallOptions } from './call.ts';
export type { Client, ClientOptions, Method } from './client.ts';
export { systemPlatform, type Platform, type Socket, type SocketEnd, type SocketHears } from './platform.ts';
export type { RawRequest } from './request.ts';
export type { Credentials } from './session.ts';
export type { Stream, StreamEvent, StreamLoss, StreamOptions } from './stream.ts';
export type { CallRecord, DeprecationRecord, Hooks, RetryRecord, Stats } from './telemetry.ts';

/**
 * Makes a client of one API.
 * @example const client = createClient({ base_url: 'http://127.0.0.1:8080', credentials: { username, password } });
 */
export const createClient = (options: ClientOptions): Client =>
  createClientOn({ ...systemPlatform, ...nodeSocket }, options);
