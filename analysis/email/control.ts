/** The positive control: a planted phish that every run must find, so that "nothing found" proves that something looked. */
import type { Brand } from '../brands/index.ts';
import { parseEmail } from './message.ts';

/** What a mail is that the judge must flag, for the brands it works with. Reserved names only; nobody ever gets it. */
export async function plantedMail(brands: readonly Brand[]) {
  const claimed = brands[0]?.name ?? 'Example';
  const reading = await parseEmail(new TextEncoder().encode(PLANTED.replaceAll('{brand}', claimed)), {
    name: 'control',
  });
  if (!reading.ok) throw new Error(`the planted mail was refused: ${reading.reason}`);
  return reading.mail;
}

const PLANTED = `From: "{brand} Security" <alert@planted.example.com>
To: <reader@example.org>
Reply-To: <answers@elsewhere.invalid>
Subject: Your account is suspended
Content-Type: text/html; charset=utf-8

<p>Verify your account: <a href="http://192.0.2.7/login">https://www.example.net/</a></p>
<form action="http://192.0.2.7/login"><input type="password"></form>
`.replaceAll('\n', '\r\n');
