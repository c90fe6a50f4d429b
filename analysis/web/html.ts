/** HTML and script grammar: recognises markup and code that a browser would run. */
import { createMatches, type Match } from './hit.ts';
import { lowered, withoutAll } from './sift.ts';
import { declarationAt } from './xml-body.ts';

/** Reads the value as HTML that lands in a page: inside text, inside an attribute, or inside a script. */
export function judgeHtml(value: string): Match[] {
  if (!/[<>"'`(=:[]/.test(value)) return [];
  const { text, origin } = withoutAll(lowered(value), /[\0\u200b]+/g);
  const matches = createMatches('xss', origin);
  for (const tag of tagsOf(text)) {
    const { name, start, end, attributes } = tag;
    if (ACTIVE_TAGS.has(name)) matches.add('tag', `the tag <${name}>`, true, start, end);
    else if (KNOWN_TAGS.has(name))
      matches.add('markup', `the tag <${name}>`, MEDIA_TAGS.has(name) && attributes.length > 0, start, end);
    for (const attribute of attributes) {
      if (isHandler(attribute)) matches.add('handler', `the handler ${attribute}`, true, start, end);
    }
  }
  // Breaks out of an attribute, so that the tag itself is the page's own.
  matches.find(
    'handler',
    'an event handler',
    true,
    text,
    /(?:^|[\s"'`/;>\\])on[a-z]{3,24}[\s\0]{0,8}=[\s\0]{0,8}[^\s=&]/,
  );
  // Browsers pass over line ends and tabs inside an address.
  const address = withoutAll(text, /[\t\n\r]+/g);
  const scheme = SCHEME.exec(address.text);
  if (scheme) {
    const last = address.origin(scheme.index + scheme[0].length - 1);
    matches.add('scheme', 'a script address', true, address.origin(scheme.index), last + 1);
  }
  matches.find(
    'scheme',
    'a script address',
    true,
    text,
    /data:(?:text\/(?:html|javascript|xml)|image\/svg\+xml|application\/(?:xhtml|xml|javascript))[^,]{0,80},/,
  );
  matches.find(
    'script',
    'script code',
    true,
    text,
    /\b(?:document|window|top|self|parent|this|frames|globalthis)\s{0,4}(?:\.|\[|\?\.)\s{0,4}["'`]?(?:cookie|write(?:ln)?|location|domain|body|alert|eval|name\b|getelement|create|document|referrer|open\()/,
  );
  matches.find(
    'script',
    'script code',
    true,
    text,
    /\b(?:alert|confirm|prompt|eval|settimeout|setinterval|fetch|importscripts|atob|string\.fromcharcode|fromcharcode|msgbox|print)\s{0,4}(?:\(|`|\?\.\()[^)]{0,4}(?:["'`\d/<\]]|document|location|this|string|x\b|atob|\))/,
  );
  matches.find(
    'script',
    'script code',
    true,
    text,
    /(?:\)|\]|constructor|function\s{0,4}\(?)\s{0,4}\[?["'`]?\s{0,4}(?:constructor|prototype|__proto__)\b/,
  );
  matches.find(
    'script',
    'script code',
    true,
    text,
    /\b(?:self|top|this|window|parent|frames|\[\])\s{0,4}\[\s{0,4}(?:["'`/]|\d)/,
  );
  // A statement; `location="..."` behind a blank is an attribute of WSDL.
  matches.find(
    'script',
    'script code',
    true,
    text,
    /[>;{}()][ \t]{0,8}location(?:\.href)?\s{0,4}=\s{0,4}["'`]\s{0,4}(?:https?:)?[/\\]{2}/,
  );
  matches.find(
    'script',
    'script code',
    false,
    text,
    /^\s{0,40}location(?:\.href)?\s{0,4}=\s{0,4}["'`]\s{0,4}(?:https?:)?[/\\]{2}/,
  );
  matches.find(
    'script',
    'an import of script',
    true,
    text,
    /\bimport\s{0,4}\(\s{0,4}["'`]|@import\s{0,4}["'(u]|-moz-binding\s{0,4}:|\bbehaviou?r\s{0,4}:\s{0,4}url|expression\s{0,4}\(/,
  );
  matches.find(
    'template',
    'a client-side template',
    true,
    text,
    /\{\{[^}]{0,200}(?:constructor|\$on\.|\$eval|alert|toString)[^}]{0,200}/i,
  );
  matches.find(
    'remains',
    'markup whose brackets were removed',
    true,
    text,
    /^[^<]{0,40}script(?:alert|document)[.(]|\/script>?$|\bx:expression/,
  );
  matches.find(
    'obfuscated',
    'script written in symbols',
    true,
    text,
    /\[\]\[?\(?!\[\]|\(!\[\]\+\[\]\)|\[\]\+\{\}|!\+\[\]/,
  );
  matches.find(
    'entity-link',
    'an XML or SVG link',
    true,
    text,
    /(?:xlink:href|formaction|srcdoc|xmlns:?[a-z]{0,8})\s{0,4}=\s{0,4}["'`]?\s{0,4}(?:javascript|data|http:\/\/www\.w3\.org\/(?:1999\/xhtml|2000\/svg))/,
  );
  return matches.all();
}

interface Tag {
  name: string;
  start: number;
  end: number;
  attributes: string[];
}

/** Tags as lenient browsers read them: `<svg/onload=x`, `<\x00script`, unclosed ones too. One pass over the value. */
function tagsOf(text: string): Tag[] {
  const tags: Tag[] = [];
  let at = text.indexOf('<');
  while (at >= 0) {
    // Honest XML begins so; what else such a beginning may hold is a tag as any.
    const declaration = declarationAt(text, at);
    if (declaration > 0) {
      at = text.indexOf('<', at + declaration);
      continue;
    }
    const head = /^<\s{0,4}[/?!%]{0,2}\s{0,4}([a-z][a-z0-9:_-]{0,30})/.exec(text.slice(at, at + 48));
    if (!head) {
      at = text.indexOf('<', at + 1);
      continue;
    }
    const close = text.indexOf('>', at);
    const room = tags.length < TAGS_MAX ? TAG_LENGTH_MAX : TAG_HEAD_LENGTH_MAX;
    const end = Math.min(close < 0 ? text.length : close + 1, at + room);
    const inside = text.slice(at + head[0].length, end);
    const attributes = [...inside.matchAll(/(?:^|[\s/"'`])([a-z][a-z:_-]{1,40})\s{0,8}=/g)].map(
      ([, name = '']) => name,
    );
    tags.push({ name: head[1] ?? '', start: at, end, attributes });
    at = text.indexOf('<', Math.max(at + 1, Math.min(end, close < 0 ? at + 1 : end)));
  }
  return tags;
}

const SCHEME = /(?:^|[\s"'`=(,>])(?:java|live|vb|j)script\s{0,4}:[^\s,]/;
const isHandler = (attribute: string) => /^on[a-z]{3,24}$/.test(attribute);
const words = (list: string) => new Set(list.split(/\s+/));
const ACTIVE_TAGS =
  words(`script iframe frame frameset object embed applet base meta link style svg math xml xss form isindex noscript
  template import foreignobject animate set animatetransform handler listener vmlframe bgsound layer ilayer portal`);
const MEDIA_TAGS = words(
  'img image video audio body input button select textarea marquee details a table td div p source keygen dialog html head b i x br',
);
const KNOWN_TAGS = new Set([
  ...MEDIA_TAGS,
  ...words(`abbr address article aside blockquote center code col dd dl dt em fieldset font footer
  h1 h2 h3 h4 h5 h6 header hr label legend li main menu nav ol option pre q s section small span strike strong sub summary sup
  tbody tfoot th thead title tr tt u ul var xmp plaintext listing doctype entity track map area canvas`),
]);
/** So many tags are read with all their attributes, the others by their heads; handlers are found wherever they stand. */
const TAGS_MAX = 200;
const TAG_HEAD_LENGTH_MAX = 64;
const TAG_LENGTH_MAX = 2_000;
