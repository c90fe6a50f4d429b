/** Which addresses anybody on the internet may have. */
import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** Global unicast, or set aside for documentation, which stands for it in examples (RFC 5737, RFC 3849); nothing else is one. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.process(text);
  return address.range() === 'unicast' || DOCUMENTATION.test(address.toString());
}

const DOCUMENTATION = /^(?:192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|2001:db8:)/;
