/** What a repetition under an Idempotency-Key hears: the first answer, or the task it began (T06, PROM-P2). */
import { z } from 'zod';
import { digestOf } from '../mesh/index.ts';
import { AuroraError, httpStatus, isErrorCode, type RouteContext, type RouteSpec } from '../protocol/index.ts';
import { scopeOf, type Answers } from '../soc/index.ts';
import { letKeep, type LostSecret, type Made } from './keeping.ts';

/** What it is made of. */
export interface ReplayDeps {
  answers: Answers;
  /** A digest of what may hold a password, as it may be kept (ATK-B11). */
  sealed: (digest: string) => string;
}

/** An answer as it is sent. */
export interface Answered {
  status: number;
  body: string;
}

/** An answer, its own or that of an earlier request; of one that was refused the refusal. */
export type Given = (Answered | { refusal: AuroraError }) & { is_replayed: boolean };

/** What repetitions hear. */
export interface Replay {
  /**
   * Acts, or answers as the first request under the key was answered. Throws 4090 for another input under the key, and where the first
   * answer held a secret.
   */
  answer(asked: Asked & { route: RouteSpec; input: object }, act: () => Promise<Answered>): Promise<Given>;
  /** Which task an order became is kept, and never how the task was then: everybody waits and hears for themselves. */
  task(asked: Asked & { order: object }, accept: () => Promise<string>): ReturnType<RouteContext['once']>;
}

interface Asked {
  /** The name of the route. */
  name: string;
  context: RouteContext;
}

/** Makes it. */
export function createReplay({ answers, sealed }: ReplayDeps): Replay {
  return { answer, task };

  async function answer(
    { name, route, input, context }: Asked & { route: RouteSpec; input: object },
    act: () => Promise<Answered>,
  ): Promise<Given> {
    const { idempotency = route.method === 'POST' ? 'replay' : 'none' } = route;
    const { caller, idempotency_key: key } = context;
    if (key === undefined || idempotency === 'none' || idempotency === 'task' || !caller) {
      return { ...(await act()), is_replayed: false };
    }
    const may_show_secret = idempotency === 'once';
    let first: string | undefined;
    let told: string | null = null; // what a repetition hears of an answer that may hold a secret
    // What asks for a secret may bring one: somebody's first password.
    const digest = may_show_secret ? sealed(digestOf(input)) : digestOf(input);
    const given = await answers.once({ scope: scopeOf(caller.sub, name, key), digest }, async (keepAnswer) => {
      letKeep(context, async (trx, made) => {
        const kept = toKept(route, made);
        told = kept.body;
        if (kept.body.length <= KEPT_CHARS_MAX) await keepAnswer(trx, kept);
      });
      const { status, body } = await act();
      first = body;
      const keep = status < 300 && body.length <= KEPT_CHARS_MAX;
      return { status, body: may_show_secret ? told : body, keep };
    });
    const { status, replayed: is_replayed } = given;
    const body = is_replayed ? given.body : (first ?? given.body);
    const lost = is_replayed && may_show_secret ? lostIn(body) : undefined;
    if (body === null || lost) throw shownOnce(lost);
    return status >= REFUSED_FROM ? { refusal: refusalIn(body), is_replayed } : { status, body, is_replayed };
  }

  async function task(
    { name, order, context }: Asked & { order: object },
    accept: () => Promise<string>,
  ): ReturnType<RouteContext['once']> {
    const { caller, idempotency_key: key } = context;
    if (key === undefined || !caller) return { task_id: await accept(), joined: false };
    const scope = scopeOf(caller.sub, name, key, 'task');
    const { body, replayed } = await answers.once({ scope, digest: digestOf(order) }, async () => {
      return { status: ACCEPTED, body: await accept(), keep: true };
    });
    return { task_id: body ?? '', joined: replayed };
  }
}

/**
 * An answer as it is kept: a refusal without what belongs to its request alone, time and request id; of one with a secret what
 * is told without it.
 */
function toKept({ output: shape, status = 200 }: RouteSpec, made: Made): { status: number; body: string } {
  if ('refusal' in made) {
    const { code, message, detail } = made.refusal;
    return { status: httpStatus(code), body: JSON.stringify({ code, message, detail }) };
  }
  if ('lost' in made) return { status, body: JSON.stringify(made) };
  return { status: made.status ?? status, body: JSON.stringify(shape.parse(made.output)) };
}

function refusalIn(body: string): AuroraError {
  const { code, message, detail } = KeptRefusal.parse(JSON.parse(body));
  return new AuroraError(isErrorCode(code) ? code : 5000, { message, detail });
}

/** What was kept in place of an answer with a secret; an answer without one, which is told again like any other, is none. */
const lostIn = (kept: string | null): LostSecret | undefined =>
  kept === null ? undefined : KeptLost.safeParse(JSON.parse(kept)).data;

/** Whose secret it was is said, and what to do: what nobody can use has to be taken back. */
function shownOnce(lost: LostSecret | undefined): AuroraError {
  const next = lost?.next ?? 'take back what was made';
  return new AuroraError(4090, {
    message: `This was made under that Idempotency-Key already, and its secret was shown once. Where it did not arrive: ${next}`,
    ...(lost && { detail: lost }),
  });
}

const Lost: z.ZodType<LostSecret> = z.object({ next: z.string() }).catchall(z.string());
/** An earlier release kept it bare; that lives for a day. */
const KeptLost = z
  .strictObject({ lost: Lost })
  .transform(({ lost }) => lost)
  .or(Lost);
const KeptRefusal = z.object({ code: z.number(), message: z.string(), detail: z.unknown() });
const ACCEPTED = 202;
/** Statuses of refusals. */
const REFUSED_FROM = 400;
/** A larger answer is made anew. */
const KEPT_CHARS_MAX = 1_048_576;
