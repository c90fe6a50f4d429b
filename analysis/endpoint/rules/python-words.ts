/** Python on a command line that only reads, compares and prints, as people take a value out of JSON: every word of it is known. */

/** Whether the whole command line is one `python -c` of such words; strings count as data only where nothing runs inside them. */
export const onlyPrintsInPython = (done: string): boolean => done.length <= CHARS_MAX && WHOLE.test(done);

const CHARS_MAX = 2_000;
const WORDS =
  'import|from|json|sys|time|math|datetime|platform|print|loads?|dumps?|stdin|read|argv|version|version_info|executable|prefix|indent|sort_keys|len|sorted|sum|min|max|str|int|float|for|in|if|else|not|and|or|is|None|True|False|get|keys|values|items|join|split|strip|now|today|isoformat|data';

/** What stands between the quotes of the shell: known words, numbers, signs, and strings in the other quotes without a prefix. */
const between = (outer: string, inner: string): string =>
  String.raw`${outer}(?:\b(?:${WORDS}|[a-z])\b(?!["'])|${inner}[^"'$\x60\\\n{}]{0,200}${inner}|\b\d{1,9}\b|[\s.,;:()[\]+*/%<>=!-])*${outer}`;
const WHOLE = new RegExp(
  String.raw`^\s*(?:[^\n;&"'\x60$<>]{1,400}\| *)?(?:\/usr\/bin\/)?python[\d.]{0,5} +-c +(?:${between('"', "'")}|${between("'", '"')})(?: +[\w./-]+)*\s*$`,
);
