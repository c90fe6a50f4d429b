/** What looks like an indicator and is none: four numbers that are a version or a place in a text, and names that are code. */

/** Whether the text before four numbers says that they count something: a version, a section, a telephone. */
export const isCounted = (lead: string): boolean => COUNTED.test(lead);

/** Whether a dotted name is a property of code: of an object that every program knows, or called. */
export const isCode = (name: string, tail: string): boolean => {
  const labels = name.split('.');
  return (
    (tail.startsWith('(') && /^[a-z_]\w*(?:\.\w+)*$/i.test(name)) ||
    (CODE_ROOTS.has(labels[0] ?? '') && PROPERTIES.has(labels.at(-1) ?? ''))
  );
};

/** The text before four numbers that is looked at, in characters. */
export const LEAD_LENGTH = 64;
const NUMBERS = String.raw`v?\d+(?:\.\d+){1,3}`;
const COUNTED = new RegExp(
  String.raw`(?:[=~<>!]=\s?|\b(?:versions?|vers\.|releases?|build|firmware|sections?|abschnitt|kapitel|chapter|clause|oid|phone|tel|fax|telefon|openssl|nginx|apache|python|java|php|chrome|firefox|kernel|linux|windows|edge|node(?:\.js)?|torch|log4j)[\s:.]{1,3}(?:is |ist |auf |to )?|` +
    String.raw`\b(?:upgrad|updat|downgrad|bump|aktualisier)\w*\b[^.\n]{0,40}?(?:\b(?:from|von|to|auf|zu)\s)(?:${NUMBERS}\s(?:to|auf|zu)\s)?)$`,
  'i',
);
const CODE_ROOTS = new Set(
  'console this self window document body module exports process user response request'.split(' '),
);
/** Suffixes that are also how programs call what belongs to something. */
const PROPERTIES = new Set('info id name top host data style link open date events in is map to'.split(' '));
