/** An investigation: ask the planner, hand its steps off side by side, ask again, and make one verdict of what came back. */
import { headInside } from '../analysis/readers/index.ts';
import { merge } from '../analysis/verdict/index.ts';
import {
  AnalysisResult,
  AuroraError,
  Investigate,
  invalidParams,
  isErrorCode,
  type InputKind,
  type InvestigationResult,
  type InvestigationStep,
  type NotChecked,
  type Source,
} from '../protocol/index.ts';
import { readAlerts } from './alert-input.ts';
import { judgeGuest } from './guest.ts';
import { INTERESTED_MAX, interestedIn, isKnownFile, shareOut, SKILLS_OF_AGENT_MAX, type Interest } from './interest.ts';
import { detectKind, isBinaryKind, isEmpty, isRecording, refuseBinary, unreadOfText } from './kind.ts';
import type { TaskRow } from './ledger.ts';
import type { LocalSkill, Tell } from './own-skills.ts';
import { inOrderOf } from './response.ts';
import { commandsUnread, scriptOf } from './script.ts';
import { SPECIALIST_OF, TEXT_STEP, URLS_MAX, urlsFound, type Planner, type Situation, type Step } from './plan.ts';

/** What investigating needs. */
export interface InvestigateDeps {
  planner: Planner;
  /** Opens an input: inline or a blob that the asker put. */
  open: (source: Source) => AsyncIterable<Uint8Array>;
  /** Hands one step off as a child of the task and waits until it is final. */
  handOff: (parent: TaskRow, step: Step) => Promise<TaskRow>;
  /** Whether anybody known here offers a skill. */
  offers?: (skill: string) => boolean;
  /** What the cards of agents ask to be shown. */
  interests?: () => readonly Interest[];
}

/** Makes the skill `investigate`. */
export function createInvestigate({ planner, open, handOff, offers, interests }: InvestigateDeps): LocalSkill {
  return async (task, signal, tell) => {
    const asked = Investigate.safeParse(task.params);
    if (!asked.success) throw invalidParams(asked.error);
    const { input } = asked.data;
    const head = await readHead(open(input));
    if (isEmpty(head)) return nothingThere(asked.data.kind ?? 'report', head);
    const known = interests?.() ?? [];
    const likely = asked.data.kind ?? detectOrKnow(head, input.name, known);
    const read = likely === 'alert' ? await readAlerts(open(input)) : undefined;
    // Events behind the beginning of a log of alerts are judged as such.
    const is_recording = asked.data.kind === undefined && read !== undefined && read.others > 0 && isRecording(head);
    const kind = is_recording ? 'events' : likely;
    const parsed = is_recording ? undefined : read;
    const packed = kind === 'alert' ? undefined : headInside(head);
    const shown = packed?.subarray(0, HEAD_BYTES) ?? head;
    if (!isBinaryKind(kind)) refuseBinary(shown, kind);
    const alerts = parsed?.alerts;
    const script =
      kind === 'report'
        ? scriptOf(shown, nameInside(input.name), isWholeInside(head, packed) ? HEAD_BYTES : 0)
        : undefined;
    tell('thought', { text: `This is ${KIND_NAMES[kind]}${asked.data.kind ? ', as was said' : ''}` });

    const { asked: interested, left_out } = shareOut(interestedIn(known, { kind, head }));
    const outcomes = await carryOut(
      { kind, input, alert: alerts?.[0]?.alert, alerts, offers, interested, commands: script?.commands },
      { planner, task, signal, tell, handOff },
    );
    const result = toResult({ kind, lost: parsed?.missing ?? [] }, outcomes, [
      ...(parsed?.unread ?? []),
      ...(isBinaryKind(kind) && kind !== 'events' ? [] : unreadOfText(kind, shown, nameInside(input.name))),
      ...(kind === 'report' && !script ? commandsUnread(shown) : []),
      ...(script?.is_cut
        ? [{ what: 'the rest of the script', why: 'only the commands of its beginning are judged' }]
        : []),
      ...urlsLeft(outcomes),
      ...left_out.map(notAsked),
    ]);
    return withResponse(result, planner.respond?.(result, offers), (step) => {
      signal.throwIfAborted();
      tell('thought', { text: `${step.reason}: hand off ${step.skill}` });
      return handOff(task, step).catch(refusedRow);
    });
  };
}

/** The same verdict with its recommendations in the order of a plan; without one they stay as they are, and that is said. */
async function withResponse(
  result: InvestigationResult,
  step: Step | undefined,
  handOff: (step: Step) => Promise<Outcome['row']>,
): Promise<InvestigationResult> {
  if (!step) return result;
  const row = await handOff(step);
  const ordered = row.state === 'completed' ? inOrderOf(row.result, result.recommendations) : undefined;
  const steps = [...result.steps, toStep({ step, row })];
  if (ordered) return { ...result, recommendations: ordered, steps };
  return { ...result, not_checked: [...result.not_checked, missingOf({ step, row })], steps };
}

const nameInside = (name: string): string => name.replace(/\.(?:gz|zip)$/i, '');

/** Of what is packed, the head may show less than there is although it is short. */
const isWholeInside = (head: Uint8Array, packed: Uint8Array | undefined): boolean =>
  packed === undefined || (head.byteLength < PACKED_HEAD_BYTES && packed.byteLength < HEAD_BYTES);

/** A kind that is known here, or `file` for what only an agent knows, by its first bytes. */
function detectOrKnow(head: Uint8Array, name: string, interests: readonly Interest[]): InputKind {
  try {
    return detectKind(head, name);
  } catch (reason) {
    if (isKnownFile(interests, head)) return 'file';
    throw reason;
  }
}

/** URLs of a text beyond those that are taken apart. */
function urlsLeft(outcomes: readonly Outcome[]): NotChecked[] {
  if (!outcomes.some(({ step }) => step.skill === 'analyze_url')) return [];
  const left = urlsFound(outcomes.find(({ step }) => step.step === TEXT_STEP)?.row.result).length - URLS_MAX;
  return left > 0 ? [{ what: `${left} further URLs`, why: `the first ${URLS_MAX} of a text are taken apart` }] : [];
}

const notAsked = ({ agent_id, skill }: Interest): NotChecked => ({
  what: `${skill} of ${agent_id}`,
  why: `at most ${INTERESTED_MAX} skills, ${SKILLS_OF_AGENT_MAX} of an agent, are asked because of their cards`,
});

/** An input without content: nothing is found in it, and nothing was checked either. */
const nothingThere = (kind: InputKind, head: Uint8Array): InvestigationResult => ({
  ...merge(
    [],
    [],
    [
      {
        what: 'the input',
        why: head.byteLength === 0 ? 'it is empty' : 'it is empty: there is only white space in it',
      },
    ],
  ),
  summary: 'Nothing found: the input is empty, so nothing was checked.',
  kind,
  steps: [],
});

/** What became of a step. */
interface Outcome {
  step: Step;
  row: Pick<TaskRow, 'agent_id' | 'state' | 'result' | 'error'>;
}

/** Only its card brought it here. */
const isGuest = ({ agent_id }: Step): boolean => agent_id !== undefined;

/** Asks for steps until nothing new is wanted and everything is back. */
async function carryOut(
  subject: Omit<Situation, 'settled'>,
  run: { planner: Planner; task: TaskRow; signal: AbortSignal; tell: Tell; handOff: InvestigateDeps['handOff'] },
): Promise<Outcome[]> {
  const settled = new Map<string, unknown>();
  const outcomes: Outcome[] = [];
  const running = new Map<string, Promise<void>>();

  for (;;) {
    run.signal.throwIfAborted();
    const wanted = run.planner
      .next({ ...subject, settled })
      .filter(({ step }) => !settled.has(step) && !running.has(step));
    const room = STEPS_MAX - outcomes.length - running.size;
    for (const step of wanted.slice(0, room)) {
      run.tell('thought', { text: `${step.reason}: hand off ${step.skill}` });
      const settling = run
        .handOff(run.task, step)
        .catch(refusedRow)
        .then((row) => (isGuest(step) ? judgeGuest(row, subject.input.name) : row))
        .then((row) => {
          settled.set(step.step, row.result);
          outcomes.push({ step, row });
          running.delete(step.step);
        });
      running.set(step.step, settling);
    }
    if (running.size === 0) return [...outcomes, ...wanted.slice(room).map(leftOut)];
    await Promise.race(running.values());
  }
}

/** A step that was refused before it became a task counts like one that failed: the others go on. */
function refusedRow(reason: unknown): Outcome['row'] {
  const { code, message, detail } = AuroraError.from(reason);
  return { agent_id: '', state: 'rejected', error: { code, message, detail } };
}

const leftOut = (step: Step): Outcome => {
  const message = `An investigation has at most ${STEPS_MAX} steps`;
  return { step, row: { agent_id: '', state: 'rejected', error: { code: 5080, message } } };
};

/** One verdict; a step that did not come back is said, and keeps the verdict from being clean. */
function toResult(
  { kind, lost: unseen }: { kind: InputKind; lost: readonly NotChecked[] },
  outcomes: readonly Outcome[],
  unread: readonly NotChecked[],
): InvestigationResult {
  const ordered = [...outcomes].sort((left, right) => (left.step.step < right.step.step ? -1 : 1));
  const parts = ordered.flatMap(({ step, row }) => {
    const result = AnalysisResult.safeParse(row.result);
    if (row.state !== 'completed' || !result.success) return [];
    return [{ agent_id: row.agent_id, result: result.data, is_guest: isGuest(step) }];
  });
  const lost = ordered.filter(({ row }) => row.state !== 'completed' || !AnalysisResult.safeParse(row.result).success);
  if (parts.length === 0) throw nothingBack(kind, ordered);
  const missing = lost.map(missingOf);
  const unproven = parts.flatMap(({ agent_id, result }) => unprovenOf(agent_id, result));
  return { ...merge(parts, [...unseen, ...missing, ...unproven], unread), kind, steps: ordered.map(toStep) };
}

/** What did not come back; where nobody offers it, also which specialist would. */
function missingOf({ step: { skill }, row }: Outcome): NotChecked {
  const why = row.error?.message ?? 'it answered in no known shape';
  const specialist = row.error?.code === 4043 ? SPECIALIST_OF[skill] : undefined;
  return { what: skill, why: specialist === undefined ? why : `${why}: the specialist ${specialist} is missing` };
}

/** What a receipt fails to prove, whatever the specialist says itself (specialists.md 4). */
function unprovenOf(agent_id: string, { checked, verdict, severity, findings }: AnalysisResult): NotChecked[] {
  const answer = `the answer of ${agent_id}`;
  if (checked.length === 0) return [{ what: answer, why: 'it carries no receipt of what was checked' }];
  const grave = [severity, ...findings.map((finding) => finding.severity)].some((each) => GRAVE.has(each));
  const nothing = checked.every(({ corpus }) => corpus.items === 0);
  return [
    ...(nothing ? [{ what: answer, why: 'there was nothing in it that could be asked about' }] : []),
    ...(verdict === 'benign' && grave ? [{ what: answer, why: 'it says benign of what it finds grave itself' }] : []),
    ...checked
      .filter(({ corpus }) => corpus.items_read < corpus.items)
      .map(({ question, corpus }) => ({
        what: `a part of what ${agent_id} was given`,
        why: `${corpus.items_read} of ${corpus.items} items were read for: ${question}`,
      })),
    ...checked
      .filter(({ corpus }) => corpus.items_read > corpus.items)
      .map(({ question }) => ({ what: answer, why: `more items were read than there were for: ${question}` })),
  ];
}

/** Nobody answered: the first one's reason, or that there was nothing to ask. */
function nothingBack(kind: InputKind, ordered: readonly Outcome[]): AuroraError {
  const detail = { steps: ordered.map(toStep) };
  const error = ordered.find(({ row }) => row.error)?.row.error;
  if (ordered.length === 0 && kind !== 'alert') {
    const message = `No agent here looks at ${KIND_NAMES[kind]}: add one whose skill investigates it`;
    return new AuroraError(4043, { message, detail });
  }
  if (ordered.length === 0) {
    return new AuroraError(4220, { message: 'There is nothing in the input that a specialist could look at', detail });
  }
  if (!error) return new AuroraError(5030, { message: 'No specialist answered in a known shape', detail });
  // Whoever hands an input in gave no params: that a specialist could not read what was made of it is said of the input.
  const code = error.code === INVALID_PARAMS ? 4220 : isErrorCode(error.code) ? error.code : 5000;
  return new AuroraError(code, { message: `No specialist could answer: ${error.message}`, detail });
}

function toStep({ step, row }: Outcome): InvestigationStep {
  const verdict = AnalysisResult.safeParse(row.result).data?.verdict;
  return {
    step: step.step,
    agent_id: row.agent_id,
    skill: step.skill,
    reason: step.reason,
    state: row.state,
    ...(verdict && { verdict }),
    ...(row.error && { error: { code: row.error.code, message: row.error.message } }),
  };
}

async function readHead(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= HEAD_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES);
}

const INVALID_PARAMS = -32602;
const KIND_NAMES: Readonly<Record<InputKind, string>> = {
  alert: 'an alert',
  email: 'a mail',
  access_log: 'a web access log',
  http: 'an HTTP request',
  report: 'a text report',
  events: 'a recording of events',
  evtx: 'a Windows event log',
  artifact: 'an artefact of a host',
  intel: 'shared intelligence',
  certificate: 'a certificate',
  file: 'a file that an agent knows by its first bytes',
};
const HEAD_BYTES = 65_536;
/** As much of a packed input is looked into. */
const PACKED_HEAD_BYTES = 16_384;
const STEPS_MAX = 32;
const GRAVE: ReadonlySet<string> = new Set(['critical', 'high']);
