/** Secrets in an address are in every log between here and there: they are refused, so that nobody gets used to it (ATK-B10, B15). */
import { AuroraError } from '../protocol/index.ts';

/** The query of an address; throws 4010 for a name under which people send secrets, whatever its value is worth. */
export function queryOf(url = ''): URLSearchParams {
  const at = url.indexOf('?');
  const query = new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
  const secret = SECRET_NAMES.find((name) => query.has(name));
  if (secret === undefined) return query;
  throw new AuroraError(4010, { message: `Send credentials in a header: ${secret} in the address is refused` });
}

const SECRET_NAMES = ['access_token', 'token', 'api_key', 'apikey', 'x-api-key', 'authorization', 'key', 'jwt'];
