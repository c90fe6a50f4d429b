/** What a log line shows of secrets, and of text that a terminal would obey (ATK-J1, J2). */
import { expect, test } from 'vitest';
import { pinoLog, redact } from '../../seams/index.ts';

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyOmEifQ.c2lnbmF0dXJlMTIzNA';
const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQ'.repeat(300)}\n-----END PRIVATE KEY-----`;
const shown = (fields: object): string => JSON.stringify(redact(fields));

test.each([
  ...['password', 'new_password', 'one_time_password', 'client_secret', 'refreshToken', 'accessToken', 'X-Auth-Token'],
  ...[
    'passphrase',
    'secret_key',
    'signing_key',
    'apiKey',
    'x-api-key',
    'proxy-authorization',
    'Set-Cookie',
    'pwd',
    'totp_otp',
  ],
])('the value of %s is not logged (ATK-J1)', (name) => {
  expect(shown({ at: { [name]: 'canary' } })).toBe(`{"at":{"${name}":"[redacted]"}}`);
});

test.each<[string, string]>([
  ['a bearer in small letters', 'authorization: bearer canaryabcdefghijklmnop'],
  ['a bearer', 'failed with Bearer canary1234'],
  ['basic credentials', `Basic ${Buffer.from('user:canary').toString('base64')}`],
  ['a refresh token', `aurora_refresh_canary${'x'.repeat(40)}`],
  ['an api key', `AURORA_KEY_canary${'a'.repeat(50)}`],
  ['a token of a parameter', 'GET /x?access_token=canary&a=1'],
  ['an api key of a parameter', 'GET /x?a=1&api_key=canary'],
  ['a JWT', `x_${JWT}`],
  ['userinfo with an @ in it', 'https://u:p@canary@host/x'],
  ['long userinfo', `https://u:${'canary'.repeat(100)}@host`],
  ['userinfo without a user', 'redis://:canary@host'],
  ['a key', PEM],
  ['a key that is cut off', `${'y'.repeat(3_000)}${PEM}`],
])('%s is taken out of text (ATK-J1)', (_name, text) => {
  const line = shown({ text, err: new Error(text), [text]: 1 });
  expect(line).toContain('[redacted]');
  expect(line).not.toMatch(/canary|MIIEvQ|c2lnbmF0dXJl/);
  expect(line).not.toContain(Buffer.from('user:canary').toString('base64'));
});

test('ordinary words, names and addresses are kept', () => {
  const fields = {
    text: 'the bearer of bad news knows basic authentication, tokens and secrets; why not? a=b',
    url: 'https://host.example/a@b?code_page=3&page=2',
    mail: 'someone@host.example',
    public_key: 'abc',
    skill: 'analyze_threat',
    tokens_left: 3,
    token_is_valid: true,
    monkey: 'banana',
    secretary: 'Ada',
  };
  expect(redact(fields)).toEqual(fields);
});

test('controls beyond ASCII and what reorders or breaks lines are escaped in a line, which stays the same JSON (ATK-J2)', () => {
  const lines: string[] = [];
  const text = 'a\u009b31m\u202e\u2028\u0085\u2066z\r\n\u001b[31m\u00e4';
  pinoLog({ level: 'info', name: 'x', write: (line) => void lines.push(line) }).info(
    { text, long: 'y'.repeat(1_000_000) },
    'said',
  );
  const [line = ''] = lines;
  expect(lines).toHaveLength(1);
  expect(line.trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  expect(line.length).toBeLessThan(8_192);
  expect(JSON.parse(line)).toMatchObject({ text, msg: 'said' });
});

test('what is left out of a long list or object is said', () => {
  const long = {
    list: Array.from({ length: 103 }, () => 1),
    ...Object.fromEntries(Array.from({ length: 104 }, (_, nth) => [`k${nth}`, nth])),
  };
  const copy = redact(long);
  expect((copy['list'] as unknown[]).slice(99)).toEqual([1, '[3 more]']);
  expect([Object.keys(copy).length, copy['…']]).toEqual([101, '[5 more]']);
});
