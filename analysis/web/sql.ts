/** SQL grammar: recognises injected SQL by its tokens, whatever string the value lands in. */
import { createMatches, type Match } from './hit.ts';
import { lowered } from './sift.ts';

/**
 * Reads the value as SQL tokens. Quotes are tokens of their own, as an injected value closes a string that we cannot see;
 * the grammar then looks at the words and operators between them.
 */
export function judgeSql(text: string): Match[] {
  const matches = createMatches('sqli');
  const { tokens, comments, quotes: all_quotes } = tokenize(lowered(text));
  const quotes = all_quotes.length === 1 && isApostrophe() ? [] : all_quotes;
  const at = (index: number): Token => tokens[index] ?? NOTHING;
  const add = (rule: string, title: string, certain: boolean, from: Token, to: Token) => {
    matches.add(rule, title, certain, from.start, Math.max(from.end, to.end));
  };
  const ends = comments.length > 0 && !isDash();
  const broken = quotes.length > 0 || ends;
  let prose: boolean | undefined;
  const is_named = isNamed();

  for (let index = 0; index < tokens.length; index += 1) {
    const token = at(index);
    const next = at(index + 1);
    if (token.kind === 'operator') judgeOperator(index);
    if (token.kind !== 'word') continue;

    if (token.text === 'union') {
      const select = ['all', 'distinct'].includes(next.text) ? at(index + 2) : next;
      if (select.text === 'select') {
        if (!(prose ??= isProse())) add('union', 'UNION SELECT', !is_named, token, select);
      } else if (token.breaks || select.glued) add('union-break', 'UNION after a break', broken, token, next);
    }
    if (token.text === 'select') judgeSelect(index);
    if (CONNECTIVES.has(token.text)) judgeCondition(index);
    if (SCHEMA.has(token.text)) add('schema', 'names a system table or routine', true, token, token);
    if (isCall(token, next)) {
      if (PROBES.has(token.text)) add('probe-function', `calls ${token.text}()`, !isTold(index), token, next);
      else if (FUNCTIONS.has(token.text))
        add('function', `calls ${token.text}()`, broken && tokens.length > 3, token, next);
    }
    if (PAIRS.get(token.text)?.has(next.text))
      add(
        'statement',
        `${token.text} ${next.text}`.toUpperCase(),
        broken || !(followsWord(index) || namesThing(index)),
        token,
        next,
      );
    if (token.statement && STATEMENTS.has(token.text))
      add('stacked', 'a second statement', broken || !namesThing(index), token, next);
    if (token.text === 'case' && next.text === 'when') add('case', 'CASE WHEN', true, token, next);
    if (token.text === 'waitfor' && ['delay', 'time'].includes(next.text)) add('delay', 'WAITFOR', true, token, next);
    if ((token.text === 'order' || token.text === 'group') && next.text === 'by') {
      const argument = at(index + 2);
      const probing = argument.kind === 'number' || ends || argument.text === 'concat' || argument.text === 'if';
      add('by', `${token.text.toUpperCase()} BY`, probing, token, argument);
    }
    if (token.text === 'as' && token.breaks && next.kind === 'word')
      add('alias', 'closes the query', ends, token, next);
    if (token.text === 'procedure' && next.text === 'analyse') add('procedure', 'PROCEDURE ANALYSE', true, token, next);
    if (token.text === 'having' || token.text === 'limit') {
      if (next.kind === 'number') add('clause', token.text.toUpperCase(), ends, token, next);
    }
    if (LONELY.has(token.text) && tokens.length <= LONELY_TOKENS_MAX)
      add('keyword', 'a SQL keyword alone', false, token, token);
    if (token.breaks && LONELY_AFTER_BREAK.has(token.text))
      add('break-keyword', 'a SQL keyword after a quote', !is_named, token, next);
  }
  judgeBreaks();
  return matches.all();

  /** `Insert into the slot`: an article and what it is of, where a query has the name of a table and goes on. */
  function namesThing(index: number): boolean {
    const [preposition, article, thing] = [at(index + 1), at(index + 2), at(index + 3)];
    const is_thing = thing.kind === 'word' && !AFTER_TABLE.has(thing.text);
    return ['into', 'from'].includes(preposition.text) && ARTICLES.has(article.text) && is_thing;
  }

  /** Nothing but words and blanks, none of them SQL's beyond these two: somebody looks for a union's select committee. */
  function isProse(): boolean {
    return (
      !broken &&
      tokens.length > 2 &&
      tokens.every(
        ({ kind, text: word, breaks, opened, statement, glued }) =>
          kind === 'word' &&
          /^[a-z]+$/.test(word) &&
          !breaks &&
          !opened &&
          !statement &&
          !glued &&
          !QUERY_WORDS.has(word),
      )
    );
  }

  /** `"union select"`: a phrase to search for, between its quotes and with nothing behind it. */
  function isNamed(): boolean {
    return /^(?:\w{1,20}:)?"\w{1,20} \w{1,20}"$/.test(text) && quotes.length === 2;
  }

  /** The only quote, between the letters of a name: `O'Reilly`, and not `admin'or`. */
  function isApostrophe(): boolean {
    const inside = /\p{L}['’](\p{L}{1,40})/u.exec(text.toLowerCase());
    return inside !== null && !isQueryWord(inside[1] ?? '');
  }

  /** A plain word stands before it that no query has there: `in SQL you write SELECT name FROM users`. */
  function followsWord(index: number): boolean {
    const { kind, text: word } = at(index - 1);
    const { breaks, opened, statement, glued } = at(index);
    return (
      kind === 'word' && /^\p{L}+$/u.test(word) && !breaks && !opened && !statement && !glued && !isQueryWord(word)
    );
  }

  /** A call that a sentence speaks of, `sleep(5) in C`: nothing is closed, and words stand around it that no query has. */
  function isTold(index: number): boolean {
    if (broken || comments.length > 0) return false;
    const behind = closing(index + 1);
    const after = at(behind).text === 'in' && !at(behind + 1).opened ? behind + 1 : behind;
    return (
      followsWord(index) || (behind < tokens.length && /^\p{L}+$/u.test(at(after).text) && !isQueryWord(at(after).text))
    );
  }

  /** `Select Committee from Union`: plain words, of which none names what a database keeps. */
  function isSentence(index: number, from: number): boolean {
    if (broken || index > 0) return false;
    const around = [...tokens.slice(index + 1, from), ...tokens.slice(from + 1)];
    return (
      around.length > 1 &&
      around.every(
        ({ kind, text: word }) =>
          kind === 'word' && /^\p{L}+$/u.test(word) && !QUERY_WORDS.has(word) && !KEPT.has(word),
      )
    );
  }

  /** `(from 8 to 9) -- thanks`, `Bobby's "tables" -- review`: a dash between words, with nothing before it left open. */
  function isDash(): boolean {
    const last = comments.at(-1);
    if (!last || comments.length > 1 || last.text !== '--') return false;
    const tail = readable(text.slice(last.end, last.end + TAIL_CHARS));
    if (!/^\s{1,4}\p{L}{2}/u.test(tail)) return false;
    const speaks = /^\s{1,4}\p{L}{2,20} \p{L}{2,20}/u.test(tail);
    const head = readable(text.slice(0, last.start));
    const open = head.replace(/(?<=\p{L})['’](?=\p{L})/gu, '');
    const balanced = ['"', "'", '`'].every((quote) => open.split(quote).length % 2 === 1);
    return (
      balanced && open.split('(').length === open.split(')').length && (speaks || !/[=<>|]|\d[\s;]{0,8}$/.test(head))
    );
  }

  /** `or 1=1`, `and 'a'='a`, `|| x like y`: a connective, an operand, a comparison, an operand. */
  function judgeCondition(index: number) {
    const from = at(index);
    let cursor = index + 1;
    while (['not', 'binary', 'exists', '!', '~', '-', '+'].includes(at(cursor).text)) cursor += 1;
    const left = at(cursor);
    if (left.text === 'select' || left.text === 'case') {
      if (broken || left.opened) add('condition', 'a condition with a query', true, from, left);
      return;
    }
    const shift = isOperand(left) ? 1 : 0;
    let compare = cursor + shift;
    if (isCall(left, at(compare))) compare = closing(compare);
    if (at(compare).text === '.') compare += 2;
    const comparison = at(compare);
    if (!COMPARISONS.has(comparison.text)) {
      const literal = left.kind === 'number' && (from.breaks || ends || left.quoted);
      if (literal || (from.breaks && ends) || (from.breaks && left.quoted)) {
        add('condition', 'a condition after a quote', true, from, left);
      }
      if (from.breaks && !from.balanced && from.kind === 'word')
        add('condition-start', 'a connective after a quote', false, from, left);
      return;
    }
    let second = compare + 1;
    while (COMPARISONS.has(at(second).text) || ['(', 'not', '-'].includes(at(second).text)) second += 1;
    const right = at(second);
    const literals =
      (left.kind === 'number' || left.quoted) && (right.kind === 'number' || right.quoted || right === NOTHING);
    const symbolic = comparison.kind === 'operator';
    add(
      'condition',
      'a condition that is always the same',
      literals || broken || (symbolic && left.text === right.text) || (symbolic && left.opened),
      from,
      right,
    );
  }

  function judgeSelect(index: number) {
    const select = at(index);
    for (let cursor = index + 1; cursor < Math.min(tokens.length, index + SELECT_TOKENS_MAX); cursor += 1) {
      const token = at(cursor);
      if (token.text !== 'from' && token.text !== 'into') continue;
      if (!broken && !select.opened && !select.statement && followsWord(index)) return;
      const query =
        (cursor - index === 2 && !isSentence(index, cursor)) ||
        tokens.slice(index, cursor + 2).some(({ kind, opened }) => kind !== 'word' || opened);
      add('select', 'SELECT … FROM', query || select.statement || broken || select.opened, select, at(cursor + 1));
      return;
    }
    if (!broken && !select.opened && !select.statement && followsWord(index)) return;
    const next = at(index + 1);
    if (index === 0 && isCall(next, at(index + 2)) && isTold(index + 1)) return;
    const value = next.kind === 'number' || next.text === '*' || next.text === 'null' || isCall(next, at(index + 2));
    if (value || next.opened || next.text === 'case')
      add('select-value', 'SELECT of a value', value || select.opened || select.statement, select, next);
    else if (select.opened || select.statement) add('subquery', 'a subquery', true, select, next);
  }

  /** `1=1`, `x'='x`, `||chr(`, `<=>`, `::text` without a connective. */
  function judgeOperator(index: number) {
    const operator = at(index);
    const left = at(index - 1);
    const right = at(index + 1);
    if (operator.text === '::' && TYPES.has(right.text)) add('cast', 'a PostgreSQL cast', true, left, right);
    // The end of a comment in a page, `-->`, is none.
    if (JSON_OPERATORS.has(operator.text) && broken && text[operator.start - 1] !== '-')
      add('json', 'a JSON operator', true, operator, right);
    if (operator.text === '<=>' || operator.text === '!<' || operator.text === '!>')
      add('operator', 'a SQL operator', tokens.length > 1, operator, right);
    if (operator.text === '||' && isCall(right, at(index + 2)) && ALL_CALLS(right.text))
      add('concat', 'concatenates a call', true, operator, at(index + 2));
    if (!COMPARISONS.has(operator.text)) return;
    const literal = (token: Token) => token.kind === 'number' || token.quoted;
    const same = left !== NOTHING && left.text === right.text;
    const after_break = operator.breaks && (literal(right) || isCall(right, at(index + 2)));
    const is_told = !broken && index === 1 && tokens.length > 3 && isPlainWord(at(index + 2));
    if (same && (left.kind === 'number' || left.quoted))
      add('tautology', 'a comparison of equal values', !is_told, left, right);
    else if (after_break && left !== NOTHING) add('compare', 'a comparison after a quote', true, left, right);
    else if (left.kind === 'number' && right.kind === 'number' && operator.text !== '=')
      add('compare-numbers', 'compares two numbers', false, left, right);
  }

  /** What remains of a closed string: `admin'--`, `')#`, `' ' 1`, `x'-y--`, `' /*`. */
  function judgeBreaks() {
    const first = quotes[0];
    const last = comments.at(-1);
    if (last && last.inline)
      matches.add(
        'inline-comment',
        'a comment inside a statement',
        tokens.length > 1 && last.versioned,
        last.start,
        last.end,
      );
    if (!last || last.inline) {
      if (
        first &&
        quotes.length % 2 === 1 &&
        tokens.some(({ kind, text: word }) => kind === 'operator' && word !== '-' && word !== ',' && word !== '.')
      ) {
        matches.add('open-quote', 'an open quote with operators', false, first.start, first.end);
      }
      if (first && /^[^'"`]{0,200}(['"`])\s{0,8}(?:[;)]|$|\1)/.test(text.slice(0, 256)) && quotes.length % 2 === 1) {
        matches.add('lone-quote', 'a quote that closes a string', false, first.start, first.end);
      }
      return;
    }
    const tail = text.slice(last.end).trim() === '' || last.text !== '#';
    if (!ends) return;
    const closes =
      (first && first.start < last.start) || ENDS_VALUE.test(text.slice(Math.max(0, last.start - 16), last.start));
    if (closes && tail) {
      const start = first && first.start < last.start ? first.start : Math.max(0, last.start - 16);
      matches.add('terminator', 'closes the value and comments out the rest', true, start, last.end);
    }
  }

  /** The index behind the closing parenthesis of a call that opens at `open`. */
  function closing(open: number): number {
    let depth = 0;
    for (let cursor = open; cursor < Math.min(tokens.length, open + CALL_TOKENS_MAX); cursor += 1) {
      if (at(cursor).text === '(') depth += 1;
      if (at(cursor).text === ')') depth -= 1;
      if (depth === 0) return cursor + 1;
    }
    return tokens.length;
  }
}

interface Token {
  kind: 'word' | 'number' | 'operator' | 'nothing';
  text: string;
  start: number;
  end: number;
  /** A quote or a closing parenthesis stands before it (with blanks). */
  breaks: boolean;
  /** What stands before it closes only what was opened in the value itself: `(KHTML, like Gecko) like`. */
  balanced: boolean;
  /** An opening parenthesis stands before it. */
  opened: boolean;
  /** A quote stands directly before it. */
  quoted: boolean;
  /** It begins the value after a `;`. */
  statement: boolean;
  /** No blank but a comment, quote or parenthesis parts it from the token before. */
  glued: boolean;
}

interface Comment {
  text: string;
  start: number;
  end: number;
  inline: boolean;
  versioned: boolean;
}

/** One pass, constant look-ahead. Parentheses are tokens only where they open a call; elsewhere they become flags. */
function tokenize(text: string) {
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  const quotes: { start: number; end: number }[] = [];
  let [breaks, balanced, opened, quoted, statement, glued] = [false, false, false, false, false, false];
  let depth = 0;
  let at = 0;
  let has_call = false;
  const push = (kind: Token['kind'], end: number) => {
    tokens.push({
      kind,
      text: text.slice(at, end),
      start: at,
      end,
      breaks,
      balanced,
      opened,
      quoted,
      statement,
      glued,
    });
    [breaks, balanced, opened, quoted, statement, glued] = [false, false, false, false, false, false];
    at = end;
  };
  while (at < text.length) {
    const char = text.charAt(at);
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 0xa0) {
      at += 1;
      continue;
    }
    if (QUOTES.has(char) || (char === '\\' && QUOTES.has(text.charAt(at + 1)))) {
      if (char !== '\\') quotes.push({ start: at, end: at + 1 });
      [breaks, balanced, quoted, glued] = [true, false, true, true];
      at += 1;
      continue;
    }
    if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      const end = close < 0 ? text.length : close + 2;
      const versioned = text[at + 2] === '!' || text[at + 2] === '+';
      comments.push({ text: '/*', start: at, end, inline: close >= 0, versioned });
      at = versioned ? at + 3 : end; // /*!50000union*/ is run by MySQL: its inside is read
      glued = true;
      continue;
    }
    if (text.startsWith('*/', at)) {
      at += 2;
      continue;
    }
    if (
      text.startsWith('--', at) &&
      text[at - 1] !== '!' &&
      text[at + 2] !== '>' &&
      !/[\w-]/.test(text.charAt(at + 2))
    ) {
      comments.push({ text: '--', start: at, end: at + 2, inline: false, versioned: false });
      at += 2;
      continue;
    }
    if (
      char === '#' &&
      !/[a-z]/.test(text.charAt(at - 1)) &&
      text.charAt(at + 1) !== '>' &&
      text.charAt(at + 1) !== '-'
    ) {
      comments.push({ text: '#', start: at, end: at + 1, inline: false, versioned: false });
      at += 1;
      continue;
    }
    if (char === ';') {
      statement = true;
      at += 1;
      continue;
    }
    if (char === '(') {
      const previous = tokens.at(-1);
      if (previous?.kind === 'word' && !quoted) {
        push('operator', at + 1);
        has_call = true;
      } else at += 1;
      opened = true;
      depth += 1;
      continue;
    }
    if (char === ')') {
      const is_own = depth > 0 && (!breaks || balanced);
      depth = Math.max(0, depth - 1);
      [breaks, balanced] = [true, is_own];
      if (has_call) push('operator', at + 1);
      else at += 1;
      [breaks, balanced] = [true, is_own];
      continue;
    }
    if (isWordStart(code)) {
      let end = at + 1;
      while (end < text.length && (isWordStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end += 1;
      push('word', end);
      continue;
    }
    if (isDigit(code)) {
      let end = at + 1;
      while (end < text.length && (isDigit(text.charCodeAt(end)) || HEX.has(text.charAt(end)))) end += 1;
      push('number', end);
      continue;
    }
    const three = text.slice(at, at + 3);
    const two = text.slice(at, at + 2);
    push('operator', at + (OPERATORS.has(three) ? 3 : OPERATORS.has(two) ? 2 : 1));
  }
  return { tokens, comments, quotes };
}

const isDigit = (code: number) => code >= 48 && code <= 57;
const isWordStart = (code: number) =>
  (code >= 97 && code <= 122) || code === 95 || code === 36 || code === 64 || code > 160;
const isOperand = ({ kind, text }: Token) => kind === 'number' || (kind === 'word' && !COMPARISONS.has(text));
/** The layer before decoding holds its blanks and quotes as escapes. */
const readable = (text: string) =>
  text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
const isPlainWord = ({ kind, text }: Token) => kind === 'word' && /^\p{L}+$/u.test(text) && !isQueryWord(text);
const isQueryWord = (word: string) =>
  QUERY_WORDS.has(word) || CONNECTIVES.has(word) || STATEMENTS.has(word) || COMPARISONS.has(word) || JOINERS.has(word);
const isCall = (token: Token, next: Token) => token.kind === 'word' && next.text === '(';
const ALL_CALLS = (name: string) => PROBES.has(name) || FUNCTIONS.has(name);
const words = (list: string) => new Set(list.split(/\s+/));

const NOTHING: Token = {
  kind: 'nothing',
  text: '',
  start: 0,
  end: 0,
  breaks: false,
  balanced: false,
  opened: false,
  quoted: false,
  statement: false,
  glued: false,
};
const QUOTES = new Set(["'", '"', '`', '´', '’', '‘', '＇']);
const HEX = words('a b c d e f x .');
const OPERATORS = words('<=> <= >= <> != !< !> == || && :: := ** << >> -> ->> @> <@ #> #- ?| ?& @? @@');
const JSON_OPERATORS = words('@> <@ #> #- ?| ?& @? -> ->>');
const COMPARISONS = words(
  '= < > <= >= <> != <=> == !< !> ~ like rlike ilike regexp glob in between is similar sounds match soundex ->> @> <@ ?',
);
const CONNECTIVES = words('or and xor && || having where when not rlike like div mod on');
const STATEMENTS = words(
  'select insert update delete drop create alter exec execute declare waitfor call begin shutdown truncate merge if set print grant revoke backup restore load kill go use while sleep',
);
const QUERY_WORDS = words('all distinct from null into where having limit order group concat');
/** Words of a query after which another of its words stands. */
const AFTER_TABLE = words('values select where set default');
const ARTICLES = words('the a an this that these those my your our their');
const JOINERS = words(
  'union as exists not any some then else end when case by set values table database schema except intersect minus explain procedure returning using view trigger user join binary',
);
/** Names of what a database keeps. */
const KEPT = words(
  'password passwords passwd pass pwd user users username usernames login logins email emails admin admins account accounts member members customer customers id name dual tables columns database version secret secrets flag credentials token tokens hash',
);
const LONELY = words('rlike regexp xor sysdate union select information_schema waitfor xp_cmdshell benchmark outfile');
const LONELY_AFTER_BREAK = words(
  'union select having collate regexp rlike waitfor except intersect procedure into sounds div alter drop insert',
);
const TYPES = words('text int integer bool boolean json jsonb numeric varchar float bytea date name regclass');
const PAIRS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    insert: words('into ignore'),
    delete: words('from'),
    drop: words('table database schema view user function procedure index'),
    create: words('table database function procedure user trigger view'),
    alter: words('table database user procedure view a'),
    truncate: words('table'),
    into: words('outfile dumpfile'),
    load: words('data_infile data xml'),
    exec: words('master xp_cmdshell sp_executesql ( @'),
    execute: words('immediate'),
    not: words('regexp rlike'),
    sounds: words('like'),
    is: words('null'),
    rename: words('table'),
    desc: words('users'),
    intersect: words('select all'),
    except: words('select all'),
    minus: words('select'),
    merge: words('into using'),
    show: words('tables databases grants variables'),
    collate: words('nocase utf8mb4_general_ci latin1_general_ci binary'),
  }),
);
const SCHEMA =
  words(`information_schema sysobjects syscolumns sysdatabases sysusers pg_catalog pg_user pg_shadow pg_database pg_tables
  sqlite_master sqlite_temp_master sqlite_schema xp_cmdshell xp_regread xp_regwrite xp_dirtree xp_availablemedia xp_enumdsn xp_filelist xp_loginconfig
  xp_makecab xp_ntsec xp_terminate sp_oacreate sp_password sp_executesql sp_makewebtask sp_sqlexec openrowset openquery opendatasource
  sysibm rdb$fields rdb$types rdb$collations rdb$functions rdb$database msysaces msysobjects msysqueries msysaccessobjects mysql_user all_tables
  user_tables user_tab_columns all_tab_columns all_users dba_users user_objects user_tab_tables user_constraints user_users table_schema
  northwind tempdb utl_http utl_file utl_inaddr dbms_pipe dbms_lock dbms_java dbms_xmlgen ctxsys dbmspipe sysprocesses domains_tables
  systables syscat attnotnull @@version @@datadir @@hostname @@servername @@basedir @@global innodb_table_stats db_owner sysmaster table_name column_name`);
const PROBES =
  words(`sleep benchmark pg_sleep extractvalue updatexml load_file make_set elt utl_http dbms_pipe chr waitfor randomblob
  regexp_substring crypt_key generate_series xmltype lo_import lo_export lo_get lo_put lo_from_bytea pg_read_file pg_ls_dir query_to_xml database_to_xml fn_virtualfilestats
  json_keys gtid_subset polygon multipoint linestring geometrycollection exp_ row_count sys_eval sys_exec xp_cmdshell
  db_name current_setting schema_name user_lock receive_message get_host_address make_set drithsx procedure_analyse is_srvrolemember has_dbaccess
  selectchar group_concat string_agg substring_index unhex json_search json_extract json_depth concat_ws load_extension`);
const FUNCTIONS =
  words(`char ascii substr substring mid left right concat count cast convert upper lower ucase lcase ord hex if ifnull nullif isnull
  iif coalesce floor ceil ceiling round rand random version user database schema current_user session_user system_user length char_length
  exp row md5 sha1 sha2 distinct min max avg sum abs mod sign pow power sqrt log ln sin cos tan acos asin atan radians degrees pi truncate
  instr locate position repeat replace reverse rpad lpad rtrim ltrim trim space strcmp insert field find_in_set format greatest least interval
  bin bit_and bit_or bit_xor bit_length bit_count conv oct crc32 soundex quote aes_encrypt aes_decrypt des_encrypt des_decrypt encode decode
  encrypt compress uncompress password old_password last_insert_id found_rows connection_id get_lock is_free_lock is_used_lock release_lock master_pos_wait
  now curdate curtime date adddate subdate addtime subtime date_add date_sub datediff date_format dayname dayofmonth dayofweek dayofyear
  extract from_days from_unixtime hour minute second microsecond month monthname quarter week weekday weekofyear year yearweek to_days to_seconds
  makedate maketime period_add period_diff sec_to_time str_to_date sysdate time timediff timestamp timestampadd timestampdiff time_format time_to_sec
  unix_timestamp utc_date utc_time utc_timestamp localtime localtimestamp convert_tz values std stddev stddev_pop stddev_samp var_pop var_samp variance
  inet_aton inet_ntoa uuid uuid_short name_const benchmark export_set glob likely unlikely likelihood sqlite_version sqlite_compileoption_used typeof
  zeroblob total changes total_changes last_insert_rowid printf julianday strftime datetime nvl decode to_char to_number to_date to_timestamp to_ascii
  xml_ json_array json_object json_valid jsonb_build_object array_to_string regexp_replace regexp_matches current_date current_time current_timestamp
  unicode nchar newid object_id object_name col_name suser_name suser_sname user_id user_name host_name len charindex patindex stuff replicate
  is_member collation coercibility current_database pg_client_encoding inet_server_addr cot starts_with sha uncompressed_length addresses ip_`);
/** A parenthesis, a number or a pattern before a comment; the digits of an escape, as in `%22--`, are none. */
const ENDS_VALUE = /(?:[)%]|(?<!%[\dA-Fa-f]?)\d)[\s;]{0,8}$/;
/** What is looked at behind a dash to know whether words follow, in characters. */
const TAIL_CHARS = 64;
const SELECT_TOKENS_MAX = 60;
const CALL_TOKENS_MAX = 60;
const LONELY_TOKENS_MAX = 3;
