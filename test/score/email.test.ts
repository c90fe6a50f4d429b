/** The mail trade on its cases: sender checks, facts and verdicts (specialists.md 3, rows email-auth and phishing). */
import { expect, test } from 'vitest';
import { emailAuth } from '../../score/folders/email-auth.ts';
import { phishing, scoreMails } from '../../score/folders/phishing.ts';
import { describeWithData } from '../support/data.ts';
import { expectTargets } from '../support/score.ts';

describeWithData('mails with known answers', () => {
  test('at least 95% of the SPF and of the ARC cases come out as they must', async () => {
    await expectTargets(emailAuth);
  });

  test('at least 70% of the phish are flagged at no more than 2% of the benign; facts equal an independent reader’s', async () => {
    const { misses } = await expectTargets(phishing);
    // What the two readers see otherwise, in full: a new difference is looked at, not averaged away.
    expect(
      misses
        .filter((miss) => miss.includes('differs'))
        .map((miss) => miss.split(' differs')[0])
        .sort(),
    ).toEqual([
      'mails/phish-1177.eml: from_domain',
      'mails/phish-5068.eml: n_urls',
      'mails/phish-5068.eml: url_hosts',
      'mails/phish-6270.eml: from_domain',
    ]);
  });

  test('and the verdicts do not lean on what only newer mails carry: receivers’ reports, X- headers, dates', async () => {
    const strip = (text: Buffer) => {
      const [head = '', ...rest] = text.toString('latin1').split(/(?<=\r?\n)\r?\n/);
      const kept = head.replace(
        /^(?:x-[^:]*|date|received|arc-[^:]*|dkim-signature|authentication-results[^:]*|mime-version|message-id):.*\r?\n(?:[ \t].*\r?\n)*/gim,
        '',
      );
      return Buffer.from([kept, ...rest].join('\r\n'), 'latin1');
    };
    const score = (dir: string, options: { fast: boolean; signal: AbortSignal }) => scoreMails(dir, options, strip);
    await expectTargets({ folder: 'phishing', score });
  });
});
