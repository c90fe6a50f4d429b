/** Requests for money: a strange sender and a request together are told, an ordinary bill is left alone. */
import { expect, test } from 'vitest';
import { analyzeEmail, checkAuthentication, parseEmail } from '../../../analysis/email/index.ts';

async function judge(headers: string, text: string) {
  const bytes = Buffer.from(`${headers}\r\nTo: <anna@quiet-works.de>\r\n\r\n${text}\r\n`);
  const reading = await parseEmail(bytes, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes));
}
const rules = ({ findings }: Awaited<ReturnType<typeof judge>>) => findings.map(({ rule }) => rule);

test.each([
  [
    'a payment for somebody in charge at a free mailbox who answers elsewhere',
    'From: "M. Keller, CEO" <m.keller@gmail.com>\r\nReply-To: <office@consultant.com>\r\nSubject: Urgent request',
    'Please process a wire transfer of EUR 48,750 today. Keep this confidential.',
    ['asks_payment', 'asks_secrecy', 'sender_executive'],
  ],
  [
    'gift cards for the director',
    'From: "M. Keller" <keller@gmx.net>\r\nSubject: Dringend',
    'Bitte heute noch 10 Google-Play-Gutscheinkarten kaufen und mir die Codes schicken, vertraulich.\r\n\r\nM. Keller\r\nGeschäftsführer',
    ['asks_gift_cards', 'asks_secrecy', 'sender_executive'],
  ],
  [
    'changed bank details from the quoted firm under another suffix',
    'From: "S. Vogt" <s.vogt@hansen-bau.co>\r\nSubject: Re: Rechnung',
    'Unsere Bankverbindung hat sich geändert.\r\n\r\n> Am 9.11. schrieb S. Vogt <s.vogt@hansen-bau.com>:\r\n> anbei die Rechnung',
    ['asks_bank_change', 'sender_near_suffix'],
  ],
  [
    'a payment for a neighbour of the own domain',
    'From: "M. Keller" <m.keller@quiet-vvorks.de>\r\nSubject: Payment today',
    'Anna, please pay the attached invoice of 48,750 EUR today.',
    ['asks_payment', 'sender_near'],
  ],
  [
    'a charge and a number to call about it',
    'From: "Norton LifeLock" <inv.norton@gmail.com>\r\nSubject: Your subscription has been renewed',
    'Your subscription has been renewed for $399.99.\r\nIf you did not authorize this, call us at +1 (808) 555-0142.',
    ['call_back'],
  ],
  [
    'a charge and a number to call about it in lines that a mail program wrapped',
    'From: "SoftGuard Billing" <billing.4411@gmail.com>\r\nSubject: Hello',
    'Your account will be charged $399.99 today.\r\nIf you did not authorize this, please call our helpdesk within\r\n24 hours at +1 (808) 555-0142.',
    ['call_back'],
  ],
  [
    'changed bank details, with answers to a neighbour of the sender',
    'From: "AR" <ar@vandermeersteel.nl>\r\nReply-To: <ar@vandermeerstee1.nl>\r\nSubject: RE: Invoice 2026-1187',
    'Please note that, because of an audit that is not over yet, our bank account\r\nhas been changed.',
    ['asks_bank_change', 'reply_near'],
  ],
])('%s is suspicious, with what was said as evidence', async (_, headers, text, expected) => {
  const found = await judge(headers, text);
  expect(found).toMatchObject({ verdict: 'suspicious', severity: 'medium' });
  expect(rules(found)).toEqual(expect.arrayContaining(expected));
  expect(found.findings.every(({ evidence }) => evidence[0]!.excerpt !== '(empty)')).toBe(true);
});

test.each([
  [
    'a bill with its bank details',
    'From: "Buchhaltung" <bh@holz-meyer.de>\r\nSubject: Rechnung 2026-11',
    'Bitte überweisen Sie den Betrag von 1.200,00 EUR bis zum 30.11. auf IBAN DE02 1203 0000 0000 2020 51.',
  ],
  [
    'a bill whose answers go to the same name under another suffix',
    'From: "Holz Meyer" <bh@holz-meyer.de>\r\nReply-To: <bh@holz-meyer.com>\r\nSubject: Rechnung 2026-11',
    'Anbei die Rechnung für Oktober.',
  ],
  [
    'a bill whose answers go to a billing service',
    'From: "Holz Meyer" <bh@holz-meyer.de>\r\nReply-To: <help@billing-desk.com>\r\nSubject: Letzte Mahnung',
    'Bitte überweisen Sie die offene Rechnung. Rufen Sie uns an: 030 1234567.',
  ],
  [
    'a supplier that tells of new bank details in its own name',
    'From: "S. Vogt" <s.vogt@hansen-bau.com>\r\nSubject: Neue Bankverbindung',
    'Unsere Bankverbindung hat sich geändert.\r\n> Am 9.11. schrieb S. Vogt <s.vogt@hansen-bau.com>:',
  ],
  [
    'a colleague under another suffix of the firm',
    'From: "M. Keller" <m.keller@quiet-works.com>\r\nSubject: Supplier',
    'Please process the payment for the invoice of last week.',
  ],
  [
    'a friend who is president of a club',
    'From: "Jo, President" <jo@gmail.com>\r\nSubject: Annual meeting',
    'The meeting is on Friday.\r\n\r\nJo\r\nPresident',
  ],
  [
    'a private order with a number',
    'From: "Jo" <jo@gmail.com>\r\nSubject: Pizza',
    'I paid 20 EUR for the order. Call me at 030 123456.',
  ],
  [
    'a newsletter with a gift card',
    'From: "Shop" <news@shop.example.com>\r\nSubject: Hello',
    'Buy a gift card for a friend.',
  ],
])('%s accuses nobody', async (_, headers, text) => {
  expect((await judge(headers, text)).severity).toBe('info');
});

test('what is built to be slow is read within bounds', async () => {
  const started = performance.now();
  await judge(
    'From: a@gmail.com\r\nSubject: x',
    `${'call 12 34 '.repeat(20_000)}\r\n${'> a@b.de wrote '.repeat(20_000)}\r\n${'iban new bank '.repeat(20_000)}`,
  );
  expect(performance.now() - started).toBeLessThan(5_000);
});
