/** What a run leaves behind, read by those who read such files: JUnit by an XML parser, the page by an HTML parser and a browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Parser } from 'htmlparser2';
import { SaxesParser } from 'saxes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conform, toHtml, toJunit, type Report } from '../../conformance/index.ts';
import { describeWithBrowser, openBrowser } from '../support/browser.ts';
import { HOSTILE, startRudeAgent } from '../support/rude-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-reports-'));
let report: Report;

beforeAll(async () => {
  const agent = await startRudeAgent();
  report = await conform({ url: agent.url, only: ['BATCH-01', 'BATCH-02', 'BATCH-11', 'WS-15'] });
  await agent.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the run of the rude agent fails what it breaks, and holds what it keeps', () => {
  expect(report.results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
    'BATCH-01 fail',
    'BATCH-02 fail',
    'BATCH-11 pass',
    'WS-15 pass',
  ]);
  expect(report.results[0]?.exchanged?.some(({ kind, text }) => kind === 'sent' && text === '[]')).toBe(true);
});

test('JUnit is well-formed whatever the peer said: a suite a profile, a case a sentence, counts that add up', () => {
  const tags: { name: string; attributes: Record<string, string> }[] = [];
  let text = '';
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => void tags.push({ name, attributes: { ...attributes } }));
  parser.on('text', (chunk) => (text += chunk));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(toJunit({ ...report, results: report.results.map(dirtied) })).close();
  const of = (name: string) => tags.filter((tag) => tag.name === name);
  expect(of('testsuite').map(({ attributes }) => attributes)).toMatchObject([
    { name: 'bare', tests: '4', failures: '2', errors: '0', skipped: '0' },
  ]);
  expect(of('testcase')).toHaveLength(4);
  expect(of('testcase')[0]?.attributes).toMatchObject({ classname: 'bare.BATCH' });
  expect(of('failure')).toHaveLength(2);
  expect(text).toContain('<img src=x onerror=alert(1)>');
});

test('in JUnit only a must is a failure, as it is for the exit code', () => {
  const results = report.results.map((result) => ({ ...result, level: 'should' as const }));
  const xml = toJunit({ ...report, results });
  expect(xml).not.toContain('<failure');
  expect(xml).toContain('a should that does not hold');
});

test('the page holds no element and no attribute that the peer wrote, and loads nothing', () => {
  const page = toHtml({ ...report, url: HOSTILE, results: report.results.map(dirtied) }, () => HOSTILE);
  const counts = new Map<string, number>();
  const parser = new Parser({
    onopentag(name, attributes) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const attribute of Object.keys(attributes)) {
        expect(attribute).not.toMatch(/^on|^src$|^href$|^style$/);
      }
    },
  });
  parser.end(page);
  expect(counts.get('script')).toBe(1);
  expect(counts.get('img')).toBe(undefined);
  expect(counts.get('article')).toBe(3);
  for (const raw of ['\u001b', '\u0007', '\u202e', '<img']) expect(page).not.toContain(raw);
});

describeWithBrowser('the page in a browser', () => {
  test('it runs its own script alone, fits a phone, and finds what is searched for', async () => {
    const file = join(folder, 'report.html');
    writeFileSync(file, toHtml({ ...report, results: report.results.map(dirtied) }));
    const { context, close } = await openBrowser();
    try {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('dialog', (dialog) => {
        complaints.push(dialog.message());
        void dialog.dismiss();
      });
      page.on('console', (message) => complaints.push(message.text()));
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) complaints.push(request.url());
      });
      await page.setViewportSize({ width: 390, height: 800 });
      await page.goto(`file://${file}`);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(390);
      await page.locator('input[name=words]').fill('batch-11');
      expect(await page.locator('[data-find]:not([hidden])').count()).toBe(1);
      expect(await page.locator('.group[open]').count()).toBe(1);
      expect(complaints).toEqual([]);
    } finally {
      await close();
    }
  }, 60_000);
});

/** A result whose every free text is hostile, with what no XML may hold. */
const dirtied = (result: Report['results'][number]): Report['results'][number] => ({
  ...result,
  ...(result.why !== undefined && { why: `${result.why} ${HOSTILE} \u0000\ufffe\ud800` }),
});
