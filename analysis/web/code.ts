/** Code grammars: recognises code for the interpreters behind web applications. */
import { createMatches, type AttackClass, type Match } from './hit.ts';
import { lowered } from './sift.ts';

/** PHP, Java, Node, templates, NoSQL, XML, LDAP and header splitting: each a short list of what only code says. */
export function judgeCode(value: string): Match[] {
  if (value.length < CODE_LENGTH_MIN && !value.startsWith('$')) return []; // `$ne` is whole as a name in JSON
  const text = lowered(value);
  return [
    ...encodedJava(value),
    ...RULES.flatMap(([attack, rules]) => {
      const matches = createMatches(attack);
      for (const [rule, title, certain, pattern] of rules) matches.find(rule, title, certain, text, pattern);
      return matches.all();
    }),
  ];
}

/** Names of Java gadgets inside base64, at any of the three alignments. */
function encodedJava(value: string): Match[] {
  const matches = createMatches('java-injection');
  if (value.length >= ENCODED_LENGTH_MIN)
    matches.find('encoded', 'base64 that names a Java gadget', true, value, ENCODED);
  return matches.all();
}

const alignments = (word: string): string[] =>
  [0, 1, 2].map((pad) => {
    const bytes = Buffer.from(`${' '.repeat(pad)}${word}`);
    const whole = bytes.toString('base64').replace(/={1,2}$/, '');
    return whole.slice(Math.ceil((pad * 8) / 6), Math.floor((bytes.length * 8) / 6)).replaceAll('+', '\\+');
  });

type Rule = readonly [rule: string, title: string, certain: boolean, pattern: RegExp];

const PHP_CALLS =
  'base64_decode|eval|exec|shell_exec|system|passthru|popen|proc_open|pcntl_exec|assert|phpinfo|phpversion|file_get_contents|file_put_contents|fopen|fwrite|fputs|readfile|fsockopen|preg_replace|create_function|call_user_func(?:_array)?|func_get_args?|array_(?:map|filter|walk|diff)|unserialize|gzinflate|gzuncompress|str_rot13|move_uploaded_file|include|require|include_once|require_once|chr|chmod|unlink|scandir|opendir|glob|getenv|putenv|ini_set|ini_get|set_time_limit|dl|extract|parse_str|var_dump|print_r|highlight_file|show_source|symlink|curl_exec|curl_init|mysql_query|sqlite_open|simplexml_load_\\w{3,10}|session_start|getcwd|posix_\\w{3,12}|ob_start|register_shutdown_function|usort|zlib_decode|bzopen|gzopen|hex2bin|convert_uudecode|stream_\\w{3,20}|ftp_\\w{3,10}|error_log|mail|is_(?:file|dir|readable)|md5_file|parse_ini_file|touch|tempnam|copy|rename';
const JAVA_NAMES =
  'java\\.(?:lang|io|util|net|rmi|beans|nio|awt|applet|sql)\\b|javax\\.|(?:com|org)\\.(?:apache|sun|springframework|opensymphony|mozilla|codehaus|omg|mchange)\\.|sun\\.misc|java\\.lang\\.(?:runtime|processbuilder)|processbuilder|getruntime|java\\.(?:runtime|processbuilder)|unmarshaller|class\\.module\\.classloader|classloader|objectinputstream|scriptengine|freemarker\\.|ognl\\.|_memberaccess|xworkconverter|bsh\\.|clonetransformer|forclosure|instantiate(?:factory|transformer)|invokertransformer|prototypeclone|prototypeserialization|whileclosure';

const RULES: readonly (readonly [AttackClass, readonly Rule[]])[] = [
  [
    'php-injection',
    [
      ['tag', 'a PHP tag', true, /<\?(?:php|=|\s|$)|\[[/\\]?php\]/],
      [
        'call',
        'a call of a PHP function',
        true,
        new RegExp(
          `(?:^|[^\\w.])(?:${PHP_CALLS})\\s{0,4}(?:/\\*[^*]{0,60}\\*/|//[^\\n]{0,40}\\n|#[^\\n]{0,40}\\n)?\\s{0,4}\\((?=[^)]{0,400}[)"'$;]|$)`,
        ),
      ],
      [
        'global',
        'a PHP global',
        true,
        /\$_?(?:get|post|request|cookie|server|files|session|env|globals)\b|\$(?:http_(?:get|post|server|cookie|env|raw)_\w{3,10}|globals|_{1,2}\w{0,10}\[|argv|argc)/,
      ],
      [
        'variable-call',
        'a call through a PHP variable',
        true,
        /\$(?:\w{1,30}|\{[^}]{1,30}\})\s{0,4}(?:\[[^\]]{0,60}\]\s{0,4}){0,3}\([^)]{0,200}\)\s{0,4};?|\(["'][a-z_]{3,30}["'](?:\.["'][a-z_]{1,30}["']){0,10}\)\s{0,4}\(|\{\$\{/,
      ],
      ['object', 'a serialised PHP object', true, /\b[oc]:\+?\d{1,5}:"?[\w\\]{1,100}"?:\d{1,6}:\{/],
      [
        'setting',
        'a PHP setting',
        true,
        /\b(?:allow_url_(?:include|fopen)|auto_(?:prepend|append)_file|disable_functions|open_basedir|safe_mode|suhosin\.)\s{0,4}=?/,
      ],
      [
        'stream',
        'a PHP stream',
        true,
        /php:\/\/(?:input|filter|std(?:in|out|err)|memory|temp|fd|output)|(?:zlib|phar|expect|glob|ogg|rar|ssh2|zip):\/\/|data:[^,]{0,60};base64,pd9/,
      ],
    ],
  ],
  [
    'java-injection',
    [
      ['class', 'names a Java class', true, new RegExp(`(?:^|[^\\w.])(?:${JAVA_NAMES})`)],
      [
        'expression',
        'a Java expression',
        true,
        /[$#%]\{[^}]{0,200}(?:[@#]|\.getclass|t\(|new\s|exec|\.forname|request\.|session\.|application\.)|\(#[a-z_]\w{0,30}\s{0,4}[=.]|#(?:context|request|session|application|parameters|rt|cmd|_memberaccess)\b/,
      ],
      ['serialised', 'a serialised Java object', true, /\bro0ab[xqdfg]|^\xac\xed\0\x05|\baced0005|kztaau|cs7qaf/],
    ],
  ],
  [
    'nodejs-injection',
    [
      [
        'module',
        'loads a Node module',
        true,
        /\brequire\s{0,4}\(\s{0,4}["'`]|child_process|process\s{0,4}(?:\.|\[)\s{0,4}["']?(?:env|mainmodule|binding|exit|kill|cwd|argv)|\bglobal\.process|_\$\$nd_func\$\$_|this\.constructor\.constructor|new\s{1,4}function\s{0,4}\(/,
      ],
      [
        'prototype',
        'pollutes a prototype',
        true,
        /__proto__|constructor:constructor|constructor\s{0,4}(?:\.|\[)\s{0,4}["']?prototype/,
      ],
      [
        'function',
        'a function that is run at once',
        true,
        /function\s{0,4}\(\s{0,4}\)\s{0,4}\{[^}]{0,300}\}\s{0,4}\(|\bwhile\s{0,4}\(\s{0,4}(?:true|1)\s{0,4}\)/,
      ],
    ],
  ],
  [
    'template-injection',
    [
      [
        'expression',
        'a template expression',
        true,
        /\{\{\s{0,4}(?:['"\d][^}]{0,60}[*+][^}]{0,60}|[^}]{0,100}(?:__class__|__globals__|__builtins__|config|self\.|request\.|cycler|joiner|lipsum|_self|constructor)[^}]{0,200})\}\}|[#$@]\{\s{0,4}\d{1,8}\s{0,4}[*+-]\s{0,4}\d{1,8}\s{0,4}\}|<%=?[^%]{1,300}%>|__(?:class|mro|subclasses|globals|builtins|import)__/,
      ],
      [
        'directive',
        'a template directive',
        true,
        /\{%[^%]{1,300}%\}|<#(?:assign|list|if)\b|#set\s{0,4}\(\s{0,4}\$|\?new\(\)|\{(?:php|literal)\}|#\{[^}]{1,200}\}\s{0,4}$/,
      ],
    ],
  ],
  [
    'nosqli',
    [
      [
        'operator',
        'a MongoDB operator',
        true,
        /(?:\[|["']|^)\$(?:ne|eq|gte?|lte?|n?in|regex|where|exists|type|or|and|not|nor|all|size|elemmatch|expr|func|jsonschema|mod|text|lookup)\b["']?\s{0,4}(?:\]|:|$)/,
      ],
      [
        'where',
        'code of a MongoDB query',
        true,
        /\bthis\.\w{1,30}\s{0,4}(?:==|!=|\.match\()|db\.\w{1,40}\.(?:find|insert|drop|remove|count|getcollection)\b|(?:\|\||&&|;)\s{0,4}(?:return|sleep)\b/,
      ],
    ],
  ],
  [
    'xxe',
    [
      [
        'entity',
        'an external entity',
        true,
        /<!(?:doctype[^>[]{0,200}\[|entity\s)[^>]{0,300}(?:system|public|file:|%)|<!entity|xmlns:xi=|<xi:include/,
      ],
    ],
  ],
  [
    'ldap-injection',
    [
      [
        'filter',
        'closes an LDAP filter',
        true,
        /\*?\)\s{0,4}\(\s{0,4}[|&!]?\s{0,4}\(?\w{1,30}\s{0,4}[~<>]?=|^\(?[|&!]\(\w{1,30}[~<>]?=|\)\(\w{1,30}=\*|[^:]\([^\w\s]{0,4}[&|!]\s{0,4}\(/,
      ],
    ],
  ],
  [
    'header-injection',
    [
      [
        'split',
        'adds a header line',
        true,
        /[\r\n]{1,4}\s{0,4}(?:set-cookie|content-(?:type|length|disposition)|location|http\/\d|host|x-[a-z-]{2,40}|refresh|status|date|last-modified|access-control-[a-z-]{3,40}|(?:get|post|head|put|options|connect|trace|delete|patch)\s{1,4}\S{1,400}\s{1,4}http\/)\s{0,4}(?::|\d|\s|$)/,
      ],
      ['ssi', 'a server-side include', true, /<!--\s{0,4}#\s{0,4}(?:include|echo|config|printenv|cmd)\b/],
      [
        'mail',
        'adds a mail header or command',
        true,
        /[\r\n]{1,4}\s{0,4}(?:bcc|cc|to|rcpt to|mail from|subject|data|vrfy|expn|quit|a\d{3,4} [a-z]{3,12}|(?:uidl|retr|stat|dele|list|top|user|pass|capa|apop|noop)\b)\s{0,4}[:<\s\d"']/,
      ],
    ],
  ],
];
const GADGETS = [
  'java.lang.Runtime',
  'runtime',
  'processbuilder',
  'clonetransformer',
  'forclosure',
  'instantiatefactory',
  'instantiatetransformer',
  'invokertransformer',
  'prototypeclonefactory',
  'prototypeserializationfactory',
  'whileclosure',
  'getproperty',
  'filewriter',
  'xmldecoder',
  'java.lang.Thread',
];
const ENCODED = new RegExp(GADGETS.flatMap(alignments).join('|'));
const ENCODED_LENGTH_MIN = 9;
const CODE_LENGTH_MIN = 4;
