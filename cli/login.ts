/** `aurora login` and `logout`: a person at the API, their password never on the command line. */
import { createInterface } from 'node:readline';
import type { Config } from '../boot/index.ts';
import { AuroraError, type TokenPair } from '../protocol/index.ts';
import { AdvisedError, UsageError } from './outcome.ts';
import { apiOf, signIn } from './session.ts';
import { readText } from './standard-input.ts';

/** What one can say. */
export interface LoginOptions {
  username: string | undefined;
  api: string | undefined;
  /** The password is the first line of standard input, a new one the second. */
  password_stdin: boolean;
}

/** Asks, signs in, and asks for a new password where the first one is good for nothing else. */
export async function login(config: Config, { username, api, password_stdin }: LoginOptions): Promise<TokenPair> {
  const url = apiOf(config, api);
  const lines = password_stdin ? (await readText(PASSWORDS_BYTES_MAX)).split(/\r?\n/) : undefined;
  const name = username ?? (lines ? FIRST_USER : await askPerson('User: ', false));
  const password = lines ? (lines.shift() ?? '') : await askPerson('Password: ', true);
  const wanted = lines?.shift();
  const credentials = { username: name, password };
  if (wanted !== undefined && wanted !== '') return signIn(config, url, { ...credentials, new_password: wanted });
  try {
    return await signIn(config, url, credentials);
  } catch (reason) {
    if (!(reason instanceof AuroraError) || reason.code !== 4030) throw reason;
    if (lines) throw new AdvisedError(reason, 'Give a new one as a second line: at least 12 characters');
  }
  process.stderr.write('This password is good for setting your own: at least 12 characters.\n');
  const new_password = await askPerson('New password: ', true);
  if ((await askPerson('Once more: ', true)) !== new_password) throw new UsageError('Those two differ');
  return signIn(config, url, { ...credentials, new_password });
}

/** One line of a terminal; a secret is not shown. Throws a UsageError where there is none, 4990 on Ctrl-C. */
function askPerson(question: string, is_secret: boolean): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new UsageError('There is nobody to ask: give --password-stdin and the password on standard input');
  }
  return new Promise((resolve, reject) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
    terminal.question(question, (answer) => {
      terminal.close();
      if (is_secret) process.stderr.write('\n');
      resolve(answer);
    });
    // What is typed is echoed by the interface itself: for a secret it writes nothing.
    if (is_secret) Object.assign(terminal, { _writeToOutput: () => undefined });
    terminal.once('SIGINT', () => {
      terminal.close();
      reject(new AuroraError(4990));
    });
  });
}

/** The password, and a new one. */
const PASSWORDS_BYTES_MAX = 65_536;
const FIRST_USER = 'admin';
