/** The same SDK for a browser, with the browser's own socket. */
import { createClientOn, type Client, type ClientOptions } from './client.ts';
import { systemPlatform } from './platform.ts';

export * from './errors.ts';
export { systemPlatform } from './platform.ts';

/** Makes a client of one API. */
export const createClient = (options: ClientOptions): Client => createClientOn(systemPlatform, options);
