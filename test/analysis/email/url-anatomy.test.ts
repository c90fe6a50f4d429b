/** One URL taken apart: whose it is, what it imitates, what it carries inside; nothing is opened. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyzeUrl } from '../../../analysis/email/index.ts';

const look = (url: string) => analyzeUrl(url)!;
const rules = (url: string) => look(url).findings.map(({ rule }) => rule);

test('a redirector’s target is taken apart too, and imitation there is found', () => {
  const result = look('https://l.facebook.com/l.php?u=http%3A%2F%2Fpaypal.login.example.com%2Fa&h=1');
  expect(result.urls.map(({ effective_host, owner }) => [effective_host, owner])).toEqual([
    ['l.facebook.com', 'Facebook'],
    ['paypal.login.example.com', null],
  ]);
  expect(rules('https://l.facebook.com/l.php?u=http%3A%2F%2Fpaypal.login.example.com%2Fa')).toEqual(
    expect.arrayContaining(['link_redirector', 'link_lookalike']),
  );
  expect(result.iocs).toContainEqual({ type: 'domain', value: 'paypal.login.example.com' });
  expect(result.iocs.map(({ value }) => value)).not.toContain('l.facebook.com');
});

test.each([
  ['http://0x7f000001/', '127.0.0.1', 'link_address'],
  ['http://2130706433/', '127.0.0.1', 'link_address'],
  ['https://www.paypal.com@evil.example.com/', 'evil.example.com', 'link_credentials'],
  ['https://p\u0430ypal.com/', 'xn--pypal-4ve.com', 'link_lookalike'],
  ['https://xn--pypal-4ve.com/', 'xn--pypal-4ve.com', 'link_punycode'],
  ['https://bit.ly/abc', 'bit.ly', 'link_shortener'],
  ['https://a.pages.dev/', 'a.pages.dev', 'link_free_hosting'],
  ['rnicrosoft.com/login', 'rnicrosoft.com', 'link_lookalike'],
  ['http://no-such-suffix.zzzz/', 'no-such-suffix.zzzz', 'link_unreal'],
])('the host a browser connects to, and what that says: %s', (url, host, rule) => {
  expect(look(url).urls[0]!.effective_host).toBe(host);
  expect(rules(url)).toContain(rule);
});

test('the skeleton is what a reader takes the name for', () => {
  expect(look('https://xn--pypal-4ve.com/').urls[0]).toMatchObject({
    shown_host: 'p\u0430ypal.com',
    skeleton: 'paypal.com',
    punycode: true,
    imitates: { brand: 'PayPal' },
  });
});

test.each(['https://www.paypal.com/signin', 'https://example.com/', 'https://en.wikipedia.org/wiki/Phishing?x=1'])(
  'an ordinary address gives no finding, and stays open: nobody looked behind it: %s',
  (url) => {
    expect(look(url)).toMatchObject({
      findings: [],
      verdict: 'inconclusive',
      severity: 'info',
      confidence: 0,
      iocs: [],
    });
  },
);

test('what is no web address is none; what is built to be slow or to hide is read within bounds (ATK-F3)', () => {
  expect(['', ' ', 'javascript:alert(1)', 'http://', '://x'].map((text) => analyzeUrl(text))).toEqual(
    Array(5).fill(undefined),
  );
  expect(look(`http://a.example/?u=${'http://b.example/?u='.repeat(100)}`).urls).toHaveLength(4);
  expect(JSON.stringify(look('https://a.example/\u001b[31m\u202e\u{e0041}'))).not.toMatch(/\\u001b|\u202e|\u{e0041}/u);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const first = JSON.stringify(analyzeUrl(`https://${text}`));
      expect(JSON.stringify(analyzeUrl(`https://${text}`))).toBe(first);
    }),
  );
});
