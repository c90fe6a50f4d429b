/** How a command ends: exit codes that mean something, and errors that say what to do next. */
import { z } from 'zod';
import { ConfigError, FleetError, KeyFileError, PortTakenError } from '../boot/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { nameOfCode, safe } from './text.ts';

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** It ran and did not reach its end: no verdict, a failed call. */
  failed: 1,
  /** The call or the input was wrong: repeating it unchanged does not help. */
  usage: 2,
  /** Nobody could be reached. */
  unreachable: 3,
  /** A port of the fleet is taken; the same as that of a process of it. */
  port_taken: 79,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

/** The person called it wrongly; the message says how it is done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure that whoever met it can advise on better than its code can. */
export class AdvisedError extends Error {
  override readonly name = 'AdvisedError';
  readonly error: AuroraError;
  readonly advice: string;
  /** The exit code, where it is not that of the error. */
  readonly exit: number | undefined;

  constructor(error: AuroraError, advice: string, exit?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.advice = advice;
    this.exit = exit;
  }
}

/** To be caught with: advises on one code, and passes on everything else. */
export const advising =
  (code: number, advice: string) =>
  (reason: unknown): never => {
    throw reason instanceof AuroraError && reason.code === code ? new AdvisedError(reason, advice) : reason;
  };

/** The sentence for stderr and the exit code of something that was thrown. */
export function toOutcome(reason: unknown): { code: number; text: string } {
  if (reason instanceof UsageError || reason instanceof ConfigError || reason instanceof KeyFileError) {
    return { code: EXIT.usage, text: reason.message };
  }
  if (reason instanceof PortTakenError) return { code: EXIT.port_taken, text: reason.message };
  if (reason instanceof FleetError) return { code: EXIT.failed, text: reason.message };
  const error = told(AuroraError.from(reason instanceof AdvisedError ? reason.error : reason));
  const advice = reason instanceof AdvisedError ? safe(reason.advice) : adviceOn(error);
  const code = (reason instanceof AdvisedError ? reason.exit : undefined) ?? codeOf(error);
  return {
    code,
    text: `${safe(error.message)} (${nameOfCode(error.code)})${advice === undefined ? '' : `\n${advice}`}`,
  };
}

/** Who says when to come again was reached: there is no fleet to start. */
function adviceOn({ code, retry_after_ms }: AuroraError): string | undefined {
  return code === 5030 && retry_after_ms !== undefined ? undefined : ADVICE.get(code);
}

/** A link that the other end closed over our key says so, instead of only being gone (wire.md 10). */
function told(error: AuroraError): AuroraError {
  const closed = z.object({ close_code: z.number() }).safeParse(error.detail);
  if (!closed.success || !TURNED_AWAY.has(closed.data.close_code)) return error;
  return new AuroraError(4010, { message: 'The other end does not take this key', cause: error });
}

function codeOf({ code }: AuroraError): number {
  if (INPUT_ERRORS.has(code)) return EXIT.usage;
  if (code === 4990) return EXIT.interrupted;
  return UNREACHABLE.has(code) ? EXIT.unreachable : EXIT.failed;
}

const TURNED_AWAY = new Set([4001, 4003]);
const INPUT_ERRORS = new Set<number>([-32602, -32601, -32600, 4130, 4150, 4220, 4222, 4040]);
const UNREACHABLE = new Set<number>([5030, 4010]);
const ADVICE = new Map<number, string>([
  [4040, 'See what there is: aurora history, aurora approvals --all'],
  [4010, 'Use the data folder of the fleet (--data), or let its owner run: aurora operators add <name>'],
  [4043, 'See who is there: aurora agents'],
  [
    4130,
    'An input may have limits.input_bytes_max (see: aurora config); what is packed has bounds of its own: unpack it first',
  ],
  [5030, 'Start a fleet with: aurora up — or, where one runs, name its data folder with --data'],
  [5040, 'Give it more time: --deadline <seconds>'],
]);
