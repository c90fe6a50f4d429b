/** Opens the evidence of findings by hand: the locator leads to a place of the input, and what the finding cites stands there. */
import { readFileSync } from 'node:fs';
import { Parser } from 'htmlparser2';
import PostalMime, { decodeWords, type Email } from 'postal-mime';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { analyzeEmail, checkAuthentication, parseEmail } from '../../analysis/email/index.ts';
import { analyzeText } from '../../analysis/ioc/index.ts';
import { mapText } from '../../analysis/attack-text/index.ts';
import { importIntel } from '../../analysis/stix/index.ts';
import type { Evidence } from '../../protocol/index.ts';
import { literalContent } from '../../seams/index.ts';
import { dataJson, dataPath, describeWithData } from '../support/data.ts';

const nothing = literalContent();

describeWithData('evidence opened by its locator', () => {
  test('each finding over the mails cites a header, a line, a link or an attachment that shows it', async () => {
    const { cases } = dataJson('phishing', 'expected.json') as { cases: { file: string }[] };
    const lost: string[] = [];
    let opened = 0;
    for (const { file } of cases) {
      const bytes = readFileSync(dataPath('phishing', file));
      const reading = await parseEmail(bytes, { name: file });
      if (!reading.ok) throw new Error(reading.reason);
      const { findings, techniques } = await analyzeEmail(reading.mail, await checkAuthentication(bytes));
      const email = await PostalMime.parse(bytes);
      for (const row of [...findings, ...techniques].flatMap(({ evidence }) => evidence)) {
        opened += 1;
        if (row.source !== file || !standsIn(email, row)) lost.push(`${file} ${row.locator}: ${row.excerpt}`);
      }
    }
    expect(opened).toBeGreaterThan(500);
    expect(lost).toEqual([]);
  });

  test('each finding and each extracted thing of the reports stands at its offset and in its line', () => {
    const { cases } = dataJson('ioc-text', 'expected.json') as { cases: { file: string }[] };
    const lost: string[] = [];
    let opened = 0;
    for (const { file } of cases) {
      const text = readFileSync(dataPath('ioc-text', file), 'utf8');
      const lines = text.split('\n');
      const result = analyzeText({ text, complete: true, legible: true }, file, nothing);
      const places = new Set(result.extracted.map(({ line, offset }) => `line ${line}, offset ${offset}`));
      for (const ioc of result.extracted) {
        opened += 1;
        const written = text.slice(ioc.offset, ioc.offset + ioc.length);
        const plain = (part: string) =>
          part
            .toLowerCase()
            .replace(/[^a-z0-9]/g, '')
            .replace(/^hxxp/, 'http');
        const starts = text.slice(0, ioc.offset).split('\n').length;
        if (starts !== ioc.line || !plain(written).includes(plain(ioc.value).slice(0, 40)))
          lost.push(`${file} ${ioc.value}: ${written}`);
      }
      for (const { source, locator } of result.findings.flatMap(({ evidence }) => evidence)) {
        opened += 1;
        const line = Number(/^line (\d+)/.exec(locator)?.[1]);
        if (source !== file || !places.has(locator) || lines[line - 1] === undefined) lost.push(`${file} ${locator}`);
      }
      for (const { source, locator, excerpt } of mapText(text, { source: file, content: nothing }).findings.flatMap(
        ({ evidence }) => evidence,
      )) {
        opened += 1;
        const [, from = '', to = ''] = /offset (\d+)-(\d+)$/.exec(locator) ?? [];
        if (source !== file || !printed(text.slice(Number(from), Number(to))).includes(bare(excerpt)))
          lost.push(`${file} ${locator}`);
      }
    }
    expect(opened).toBeGreaterThan(1_000);
    expect(lost).toEqual([]);
  });

  test('each finding over shared intelligence cites an object by a pointer that resolves', () => {
    const text = readFileSync(dataPath('stix', 'valid', 'apt1.json'), 'utf8');
    const { findings } = importIntel(text, { source: 'apt1', content: nothing });
    const cited = findings.flatMap(({ evidence }) => evidence);
    expect(cited.length).toBeGreaterThan(5);
    for (const { locator, excerpt } of cited) {
      const found = locator
        .split('/')
        .slice(1)
        .reduce<unknown>(
          (value, key) => z.record(z.string(), z.unknown()).parse({ ...Object(value) })[key],
          JSON.parse(text),
        );
      expect(JSON.stringify(found).replaceAll('\\\\', '\\')).toContain(bare(excerpt).replace(/^(.{60}).*$/, '$1'));
    }
  });
});

/** Whether the excerpt stands where its locator says, read by another reader than the product's. */
function standsIn(email: Email, { locator, excerpt }: Evidence): boolean {
  if (excerpt === '(empty)') return true;
  const words = bare(excerpt)
    .split(/[\s",<>;]+/)
    .filter(Boolean);
  const isIn = (text: string) => words.every((word) => printed(text).includes(word));
  const [, header] = /^header (.+)$/.exec(locator) ?? [];
  if (header !== undefined) {
    return email.headers.some(
      ({ key, value }) => key === header.toLowerCase() && isIn(decodeWords(value).replace(/[\\"]/g, '')),
    );
  }
  const attachment = /^attachment (\d+)$/.exec(locator)?.[1];
  if (attachment !== undefined)
    return email.attachments.some(
      ({ filename }) => filename !== null && excerpt.includes(printed(filename).slice(0, 40)),
    );
  return (
    isIn(
      [email.html ?? '', contentOf(email.html ?? ''), contentOf(visible(email.html ?? '')), email.text ?? ''].join(
        '\n',
      ),
    ) || locator === 'html input'
  );
}

/** As evidence is printed: what a terminal or a reader could not see is written out. */
const printed = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|(?<=\])[([]|%(?=%[A-Z_]{1,40}%%)/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
/** Without the mark of a cut, and without the half word before it. */
const bare = (excerpt: string): string => (excerpt.endsWith('…') ? excerpt.slice(0, -12) : excerpt);
/** Words that hidden letters part, as a reader sees them. */
const visible = (html: string): string =>
  html.replace(/<span style="(?:visibility: ?hidden|display: ?none)[^"]*">[^<]*<\/span>/g, '');
/** Every text and every attribute of a page, references to characters read. */
function contentOf(html: string): string {
  const aside: string[] = [];
  let shown = '';
  const parser = new Parser({
    onattribute: (_, value) => void aside.push(value),
    ontext: (text) => void (shown += text),
    oncomment: (text) => void aside.push(text),
  });
  parser.end(html);
  return [shown, ...aside].join(' ');
}
