/** Remote grammar: recognises addresses that make the server itself fetch or look something up. */
import { createMatches, type Match } from './hit.ts';
import { lowered } from './sift.ts';

/** JNDI lookups of Log4Shell, with its nested lookups folded (`${${lower:j}ndi:`). */
export function judgeLookup(value: string): Match[] {
  const matches = createMatches('log4shell');
  if (!value.includes('${')) return matches.all();
  let text = value.toLowerCase();
  for (let round = 0; round < FOLDS_MAX; round += 1) {
    const folded = text
      .replace(/\$\{(?:lower|upper):([^${}]{0,40})\}/g, '$1')
      .replace(/\$\{[^${}]{0,60}:-([^${}]{0,40})\}/g, '$1');
    if (folded === text) break;
    text = folded;
  }
  const jndi =
    /\$\{\s{0,4}jndi\s{0,4}:|\$\{[^}]{0,80}j[^}]{0,40}n[^}]{0,40}d[^}]{0,40}i[^}]{0,20}:(?:ldap|rmi|dns|iiop|nis|corba|http)/.test(
      text,
    );
  const start = value.indexOf('${');
  if (jndi) matches.add('jndi', 'a JNDI lookup', true, start, Math.min(value.length, start + LOOKUP_CHARS_MAX));
  else if (
    /\$\{\s{0,4}(?:env|sys|java|ctx|date|main|k8s|docker|bundle|spring|lower|upper|script|url|dns|base64decoder|file|const|web):/.test(
      text,
    )
  ) {
    matches.add('lookup', 'a lookup expression', true, start, Math.min(value.length, start + LOOKUP_CHARS_MAX));
  }
  return matches.all();
}

/** Addresses a server should not fetch for a visitor: itself, private networks, cloud metadata, odd schemes. */
export function judgeFetch(value: string): Match[] {
  const matches = createMatches('ssrf');
  if (!/:[\\/]/.test(value) && !/^\d/.test(value)) return matches.all();
  const text = lowered(value);
  const find = (rule: string, title: string, pattern: RegExp) => matches.find(rule, title, true, text, pattern);
  find(
    'metadata',
    'asks for cloud metadata',
    /169\.254\.169\.254|metadata\.google\.internal|100\.100\.100\.200|fd00:ec2::254|192\.0\.0\.192|\/latest\/(?:meta-data|user-data|dynamic)|instance-data\b/,
  );
  find(
    'scheme',
    'an address scheme that servers should not follow',
    /(?:^|[^a-z])(?:gopher|dict|ldap|ldaps|tftp|sftp|jar|netdoc|local_file|mailto2|ssh2|svn|imap|rmi|telnet|ws2)s?:\/{1,2}\S/,
  );
  find(
    'local',
    'an address of the server itself',
    /(?:https?|ftp):[\\/]{1,4}(?:[^\s/@]{0,60}@)?(?:localhost|127\.\d|0\.0\.0\.0|0(?:[/:?#]|$)|\[?::1?\]|\[::ffff:|2130706433|0x7f|0177\.|017700000001|[\w-]{0,60}\.(?:nip|xip|sslip)\.io|localtest\.me)/,
  );
  find(
    'numeric',
    'an address written to hide',
    /(?:https?|ftp):[\\/]{1,4}(?:0x[\da-f]{2,10}(?:[./:]|$)|\d{8,10}(?:[/:?#]|$)|0\d{1,4}\.\d|[\d.]{0,12}\d{1,3}\.\d{4,8}(?:[/:?#]|$)|\[[\da-f:.]{2,45}\])/,
  );
  find(
    'private',
    'an address of a private network',
    /(?:https?|ftp):[\\/]{1,4}(?:10\.\d{1,3}\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/,
  );
  return matches.all();
}

/** An outside file for an include: `http://203.0.113.9/x.txt?`. Certain only where it also looks like code. */
export function judgeInclude(value: string): Match[] {
  const text = lowered(value).trim();
  const blanks = value.length - value.trimStart().length;
  const matches = createMatches('rfi', (index) => blanks + index);
  const find = (rule: string, title: string, certain: boolean, pattern: RegExp) =>
    matches.find(rule, title, certain, text, pattern);
  find('address', 'includes from a bare address', true, /^(?:url|file|ftps?|https?):[\\/]{2}(?:\d{1,3}\.){3}\d{1,3}/);
  find('cut', 'includes an outside file and cuts the suffix', true, /^(?:ftps?|https?):\/\/[^\s?]{1,200}\?{1,4}$/);
  find(
    'code',
    'includes outside code',
    true,
    /^(?:ftps?|https?):\/\/[^\s?]{1,200}\.(?:php\d?|phtml|txt|inc|jpe?g\?|gif\?|dat)(?:\?|%00|$)/,
  );
  find('ftp', 'includes over FTP or SMB', true, /^(?:ftps?:\/\/\S{3}|\\\\[\w.-]{3,80}\\\w)/);
  return matches.all();
}

const FOLDS_MAX = 16;
/** Of a lookup, what is shown. */
const LOOKUP_CHARS_MAX = 120;
