/** What a URL says by its form: an address for a host, credentials, an unusual port, a program at its end. */
import { WEIGHT } from '../verdict/index.ts';
import { hostOfUrl, isAddress } from './mentions.ts';
import type { Observation } from './observation.ts';

/** Observations about a URL that parses; its host is judged elsewhere. No technique: what a URL is called says not what was done. */
export function checkUrl(href: string): Observation[] {
  const url = new URL(href);
  const host = hostOfUrl(href) ?? '';
  const observations: Observation[] = [];
  const low = (check: string, title: string) =>
    observations.push({ check, title, severity: 'low', weight: WEIGHT.low, shown: href, techniques: [] });

  const bare = isAddress(host);
  if (bare) low('address-url', 'The URL names an address instead of a host');
  if (url.username !== '' || url.password !== '')
    low('credentials-in-url', 'The URL carries credentials, or text that poses as its host');
  if (url.port !== '' && !USUAL_PORTS.has(url.port))
    low('unusual-port', `The URL speaks to the unusual port ${url.port}`);

  const program = PROGRAM.exec(url.pathname)?.[1]?.toLowerCase();
  if (program) {
    observations.push({
      check: 'serves-program',
      title: `The URL ends in a program or script (.${program})${bare ? ' at a bare address' : ''}`,
      severity: bare ? 'medium' : 'low',
      weight: bare ? WEIGHT.medium : WEIGHT.low,
      shown: href,
      techniques: [],
    });
  }
  return observations;
}

const USUAL_PORTS = new Set(['80', '443', '8080', '8443', '21']);
const PROGRAM = /\.(exe|dll|scr|msi|msix|bat|cmd|ps1|vbs|vbe|hta|jar|apk|dmg|elf|sh|iso|img|vhd|lnk|wsf|xll|cpl|sys)$/i;
