/** Passwords: scrypt in the format of PHC strings, off the event loop, two at a time. */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { AuroraError } from '../protocol/index.ts';
import type { Random } from '../seams/index.ts';

/** Makes and checks passwords. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** False for a wrong password, and, after the same work, where there is none to compare with (ATK-B8). */
  verify(password: string, phc: string | undefined): Promise<boolean>;
  /** A password that somebody reads off a screen: 100 bits. */
  generate(): string;
}

/** What one hash costs: 2^15 blocks of 1 KiB, 32 MiB and a tenth of a second. */
export interface ScryptCost {
  ln: number;
  r: number;
  p: number;
}

/** Hashes at the given cost, which only tests lower; a stored password keeps the one it was made with. */
export function createPasswords(random: Random, cost: ScryptCost = COST): Passwords {
  const inTurn = createTurns(AT_ONCE, WAITING_MAX);
  const nobody = phcOf(cost, random.bytes(SALT_BYTES), Buffer.alloc(KEY_BYTES));

  return {
    async hash(password) {
      const salt = random.bytes(SALT_BYTES);
      return phcOf(cost, salt, await inTurn(() => derive(password, salt, cost)));
    },
    async verify(password, phc = nobody) {
      const { cost: own, salt, key } = parsePhc(phc);
      const derived = await inTurn(() => derive(password, salt, own));
      return timingSafeEqual(derived, key) && phc !== nobody;
    },
    generate() {
      const letters = [...random.bytes(GENERATED_CHARS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
      return letters.replace(/.{5}(?=.)/g, '$&-');
    },
  };
}

function derive(password: string, salt: Uint8Array, { ln, r, p }: ScryptCost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r };
  return new Promise((resolve, reject) => {
    // The same letters typed on another keyboard are the same password.
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

const phcOf = ({ ln, r, p }: ScryptCost, salt: Uint8Array, key: Uint8Array): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(key)}`;

function parsePhc(phc: string): { cost: ScryptCost; salt: Buffer; key: Buffer } {
  const found = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(phc);
  if (!found) throw new Error('A stored password is in no known form');
  const [, ln, r, p, salt = '', key = ''] = found;
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    key: Buffer.from(key, 'base64'),
  };
}

/** PHC strings use base64 without padding. */
const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '');

/** Runs so many at once and lets so many wait; more are 4290: memory is what a guesser could use up. */
function createTurns(at_once: number, waiting_max: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= at_once) {
      if (waiting.length >= waiting_max) throw new AuroraError(4290, { retry_after_ms: RETRY_AFTER_MS });
      await new Promise<void>((resolve) => void waiting.push(resolve)); // the place is handed over
    } else {
      running += 1;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

const COST: ScryptCost = { ln: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const AT_ONCE = 2;
const WAITING_MAX = 64;
const RETRY_AFTER_MS = 2_000;
/** Without letters that look like others; 32 of them, so that every byte counts alike. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const GENERATED_CHARS = 20;
