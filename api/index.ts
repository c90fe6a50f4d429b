/** The HTTP face: what a port and its streams need, and the seams behind them. */
export { createApi, type Api, type ApiDeps, type Gateway } from './api.ts';
export { createFeed, tellAlertOn, type Feed } from './feed.ts';
export { addMissedDecisions } from './missed-audit.ts';
export { openApiOf, type OpenApi } from './openapi.ts';
export { createServer, type ApiServer, type ServerOptions } from './server.ts';
export { createSigningKeys, type KeyShelf } from './signing-keys.ts';
export { createStanding } from './standing.ts';
export type { StreamLimits } from './streams.ts';
export type { SigningKeys } from './tokens.ts';
