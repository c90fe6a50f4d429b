/** Everyday commands that only look like an act: each is left out of what its rule reads, where the whole of it has that one shape. */

/** What is left of a command line for a rule to read. */
export function withoutHarmless(rule: string, text: string): string {
  const words = WORDS.get(rule);
  const rest = words ? text.replace(words, ' ') : text;
  const shape = COMMANDS.get(rule);
  return shape
    ? rest.replace(COMMAND, (piece) => (piece.length <= CHARS_MAX && shape.test(piece) ? ' ' : piece))
    : rest;
}

/** One pipeline: what stands between two signs that end it, in quotes too, where no shape below fits half of one. */
const COMMAND = /(?:[^\n;&|]|\||&(?=>)|(?<=>)&)+/g;
const CHARS_MAX = 1_000;

/** An argument that no shell reads anything else in. */
const PLAIN = String.raw`[\w.:/=@,%+~-]`;
const BEGIN = String.raw`^\s*(?:sudo +)?`;

const NAMED_URL = String.raw`["']?https?:\/\/(?!\d{1,3}\.\d)[a-z][\w.-]{2,200}\/[\w.~:/?=%+-]{0,300}["']?`;
const KEYRING = String.raw`(?:(?:\/etc\/apt\/(?:keyrings|trusted\.gpg\.d)|\/usr\/share\/keyrings)\/)?\w[\w.-]{0,80}\.(?:gpg|asc)`;
const GPG = String.raw`(?:sudo +)?gpg(?: +--(?:batch|yes|quiet|no-tty))*`;
const INTO_KEYRING = [
  String.raw`(?:sudo +)?apt-key +add +-`,
  String.raw`(?:sudo +)?rpm +--import +-`,
  String.raw`${GPG} +--dearmor(?: +--yes)?(?: +(?:-o|--output) +${KEYRING}| *> *${KEYRING})`,
  String.raw`(?:${GPG} +--dearmor *\| *)?(?:sudo +)?tee +${KEYRING}(?: *> *\/dev\/null)?`,
].join('|');
const FETCHED =
  String.raw`(?:curl(?: +(?:-[fsSL46]{1,6}|--(?:fail|silent|show-error|location)))* +${NAMED_URL}` +
  String.raw`|wget(?: +(?:-q|-nv|--quiet|--no-verbose))* +(?:-q?O ?- +${NAMED_URL}|${NAMED_URL} +-q?O ?-))`;

/** Programs that watch a machine from inside a container, from where their makers publish them. */
const WATCHERS = String.raw`(?:(?:docker\.io\/)?(?:prom\/node-exporter|datadog\/agent)|quay\.io\/prometheus\/node-exporter|gcr\.io\/(?:cadvisor\/cadvisor|datadoghq\/agent)|public\.ecr\.aws\/datadog\/agent)(?::[\w.-]{1,80})?`;
const WATCHED =
  String.raw`(?: +(?:-d|--detach|--rm|--restart[= ][\w:-]+|--(?:net|network|pid|name|publish|env|memory|cpus)[= ]${PLAIN}+|-[pe] +${PLAIN}+` +
  String.raw`|(?:-v +|--volume[= ])(?:\/:\/[\w/.-]{0,80}:ro(?:,r?slave)?|(?!\/:)${PLAIN}+)))*`;

const TLS_CHECK = String.raw`openssl +s_client(?![^\n]{0,400}-(?:quiet|ign_eof|proxy)\b)`;
const TLS_ARGUMENTS = String.raw`(?: +-?[\w.:/$-]+)*`;
const CERTIFICATE_READ = String.raw`(?: *2> *(?:\/dev\/null|&1))?(?: *\| *(?:openssl +x509(?: +-?[\w.]+)*|grep(?: +["\w.-]+)*))?\s*$`;

const COMMANDS: ReadonlyMap<string, RegExp> = new Map([
  ['download', new RegExp(String.raw`${BEGIN}${FETCHED} *\| *(?:${INTO_KEYRING})\s*$`)],
  [
    'container-escape',
    new RegExp(String.raw`${BEGIN}(?:docker|podman) +run${WATCHED} +${WATCHERS}(?: +--[\w.-]+(?:=${PLAIN}+)?)*\s*$`),
  ],
  [
    'container-secrets',
    new RegExp(
      String.raw`${BEGIN}kubectl(?: +(?:-n|--namespace|--context)[= ]${PLAIN}+)* +(?:create|delete) +secret(?: +["']?${PLAIN}+["']?)*\s*$`,
    ),
  ],
  [
    'encrypted-c2',
    new RegExp(
      [
        String.raw`^\s*(?:echo(?: +-n)?(?: +["']?Q["']?)? *\| *)${TLS_CHECK}${TLS_ARGUMENTS}${CERTIFICATE_READ}`,
        String.raw`^\s*${TLS_CHECK}${TLS_ARGUMENTS} *< *\/dev\/null${CERTIFICATE_READ}`,
        String.raw`^\s*${TLS_CHECK}(?=[^\n]{0,400} -(?:showcerts|brief)\b)${TLS_ARGUMENTS}(?: *< *\/dev\/null)?${CERTIFICATE_READ}`,
      ].join('|'),
    ),
  ],
  [
    'run-key',
    /^\s*(?:c:\\windows\\system32\\)?cmd(?:\.exe)? +\/c +"?\\\\([a-z][\w-]*(?:\.[\w-]+)+)\\sysvol\\\1\\policies\\\{[\da-f-]{36}\}\\(?:machine|user)\\scripts\\(?:startup|logon)\\[\w.-]+\.(?:bat|cmd)"?\s*$/i,
  ],
]);

const VOLUME_OPTION = '(?:r[ow]|[zZ]|cached|delegated|consistent|nocopy|[rs]slave|r?slave|r?shared|r?private)';
const WORDS: ReadonlyMap<string, RegExp> = new Map([
  [
    'alternate-stream',
    new RegExp(
      String.raw`(?<=(?:^|[\n;&|]) *(?:sudo +)?(?:docker|podman|nerdctl) [^\n;&|<>]{0,1000}) (?:-v +|--volume[= ])["']?[^\s:"'<>&|;]{1,300}:\/[^\s:"'<>&|;]{0,300}:${VOLUME_OPTION}(?:,${VOLUME_OPTION})*["']?(?=\s|$)`,
      'g',
    ),
  ],
  ['hidden-files', /\becho BECOME-SUCCESS-[a-z]{1,40} *;/g],
]);
