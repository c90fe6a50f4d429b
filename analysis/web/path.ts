/** Path grammar: recognises values that walk out of a folder or name files no visitor asks for. */
import { createMatches, type Match } from './hit.ts';
import { lowered, withoutAll } from './sift.ts';

/** Reads the value as a file path of any system, after decoding. */
export function judgePath(value: string): Match[] {
  const { text, origin } = withoutAll(lowered(value), /\0+/g);
  const matches = createMatches('lfi', origin);
  const find = (rule: string, title: string, certain: boolean, pattern: RegExp) =>
    matches.find(rule, title, certain, text, pattern);
  const findFile: typeof find = (...sought) => {
    if (!PROSE.test(text)) find(...sought);
  };
  find(
    'traversal',
    'walks up the folders',
    !staysInside(text) && !isOneStep(text),
    /(?:^|[^.\w])\.{2,4}[\\/;]{1,4}(?:\.{1,4}[\\/;]{1,4}|\w|%|$)|[\\/]\.{2,3}(?:;[^/]{0,40})?[\\/]|[\\/]\.{2}$/,
  );
  findFile(
    'system-file',
    'names a system file',
    true,
    /(?:^|[^a-z0-9])etc[\\/]{1,4}(?:passwd|shadow|group|hosts|issue|motd|fstab|crontab|sudoers|ssh|apache2?|nginx|httpd|my\.cnf|mysql|php|profile|resolv|network|redhat|debian|os-release|self|master|security|inetd|f5-release|environment|rc\.|init|ld\.so|pam|cron|default|samba|lighttpd|vsftpd|proftpd|exim|logrotate)/,
  );
  findFile(
    'system-file',
    'names a system file',
    true,
    /(?:^|[^a-z0-9])proc[\\/]{1,4}(?:self|version|cpuinfo|\d{1,7}|net|mounts|cmdline|meminfo|sched)/,
  );
  findFile(
    'system-file',
    'names a system file',
    true,
    /(?:^|[\\/])(?:boot|win|system|php)\.ini(?:$|\W)|win(?:dows|nt)[\\/]{1,4}(?:win\.ini|system|repair|debug|php\.ini|explorer|my\.ini)|system32[\\/]|inetpub[\\/]|[a-z]:[\\/]{1,4}(?:windows|winnt|program|boot|autoexec|xampp|wamp|apache|mysql|php)/,
  );
  findFile('system-file', 'names a system file', true, USER_FILE);
  findFile(
    'system-file',
    'names a file of the system',
    true,
    /(?:^|[^a-z0-9])(?:var|opt|root|home|usr)[\\/]{1,4}(?:log|www|lib|mail|spool|run|adm|cache|apache|lampp|local|etc|\.ssh|\.bash|share|[\w.-]{1,30}[\\/]\.(?:ssh|bash|profile))[\\/]?/,
  );
  find(
    'config-file',
    'names a secret or configuration file',
    true,
    /(?:^|[\\/])(?:web-inf|meta-inf)[\\/]|(?:^|[\\/])(?:wp-config\.(?:php|bak)|web\.config|global\.asa|\.env(?:\.\w{1,12})?|\.git[\\/]|\.svn[\\/]|\.aws[\\/]|\.docker|\.kube[\\/]|\.ssh[\\/]|\.npmrc|\.history|\.mysql_history|\.netrc|\.pgpass|\.vscode[\\/]|\.idea[\\/]|\.ds_store|\.ht(?:access|passwd)|id_rsa|\.bash_history|access_log|error_log)(?:$|\W)/,
  );
  find(
    'wrapper',
    'a stream wrapper',
    true,
    /(?:^|[^a-z])(?:php|phar|zip|zlib|bzip2|expect|glob|ogg|rar|ssh2|compress\.zlib):\/\/|(?:^|[^a-z])file:\/{2,3}/,
  );
  find(
    'hex',
    'dots and slashes written as hex',
    true,
    /(?:0x2e|0x5c|0x2f){2}|0x2e[./\\]|(?:%c0%[29ae]|%25c0%25|%e0%80|%uff0e|%2e%2e|%5c\.\.)|\\x2e\\x2e/,
  );
  find(
    'stripped',
    'a path whose separators were removed',
    true,
    /\.{2}(?:etc|web-inf|boot|windows|winnt|inetpub|var)|etcpasswd|inetpubwwwroot|\.{7}|^[./\\%\w]{1,400}\{file\}$/,
  );
  find('null', 'ends the path with a null byte', false, /\.\w{2,5}%00/);
  return matches.all();
}

/** `/docs/../docs/intro`: plainly written, and never above the folder where it began; servers and browsers resolve it. */
const staysInside = (text: string): boolean =>
  !/[\\]|\.%|%(?:25|2e|2f|5c)|\.\.;|\.{3}/.test(text) &&
  text
    .replace(/[a-z][a-z0-9+.-]{1,20}:\/\/[^/\s]{0,255}/g, '')
    .split(/[\s"'=,;|&()<>]/)
    .filter((part) => part.includes('..'))
    .every(isInner);

/** `../images/b.png`: one step up, plainly written, to a file that every visitor is shown; pages name their pictures so. */
const isOneStep = (text: string): boolean =>
  text.length <= ONE_STEP_CHARS_MAX && text.split('..').length === 2 && ONE_STEP.test(text);

function isInner(path: string): boolean {
  let depth = 0;
  for (const folder of path.split('/')) {
    if (folder === '..') depth -= 1;
    else if (folder !== '' && folder !== '.') depth += 1;
    if (depth < 0) return false;
  }
  return true;
}

const ONE_STEP =
  /^(?:https?:\/\/[\w.:-]{1,253}\/|\/)?(?:[\w-]{1,64}\/){0,8}\.\.\/(?!(?:etc|proc|var|admin\w*|private|conf\w*|secret\w*|passwd|shadow|boot|windows|root|bin|logs?|backups?|cred\w*|passw\w*|keys?|flag|dev|mnt|srv|opt|usr|tmp|sys|run|ssl|certs?|app\/etc|db|data\w*|include\w*|internal|system)(?:$|[/.]))(?:[\w-]{1,64}\/){0,8}(?:[\w-]{1,64}(?:\.(?:png|jpe?g|gif|svg|webp|avif|css|m?js|html?|pdf|ico|mp4|woff2?))?)?$/;
const ONE_STEP_CHARS_MAX = 1_024;
/**
 * `C:\Users\…`, but for a document of every day in a folder for such, which programs send as the name of what was chosen: by its kind and
 * a name that speaks of no secret. All else there is loot.
 */
const USER_FILE =
  /[a-z]:[\\/]{1,4}users(?![\\/]{1,4}(?!administrator|public|default|all users)[\w -]{1,40}[\\/]{1,4}(?:documents|downloads|desktop|pictures|music|videos)(?![^\n]{0,600}(?:pass|pwd|cred|secret|key|token|wallet|vpn|recover|seed|backup|login|account|cookie|ssh|2fa|pin))(?:[\\/]{1,4}[^\\/.;|&$`'"<>%\n][^\\/;|&$`'"<>%\n]{0,60}){0,6}\.(?:docx?|xlsx?|pptx?|pdf|odt|jpe?g|png|gif|mp[34])$)/;
/** Three words of plain letters before a file that a blank parts from them, or words after it: a sentence about it, no path; a shell's command is another's to know. */
const PROSE =
  /^(?:(?:[a-z]{1,20} ){3,20}\/[\w./-]{1,80}(?: [a-z]{1,20}){0,20}|\/[\w./-]{1,80}(?: \p{L}{3,20}){1,20})[?.!]?$/u;
