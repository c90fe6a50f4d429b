/** A run of the kit: what the peer can do is found out, every check is tried within its bounds, and the outcome told. */
import { isFrame, type Observe } from './answers.ts';
import { createChance, seedOf } from './chance.ts';
import { checks } from './checks/index.ts';
import { WATCHED } from './checks/watched.ts';
import { Failure, Skip, type Check, type Phase } from './check.ts';
import { monotonic, now, within } from './clock.ts';
import { discover, skillsIn } from './discover.ts';
import { createNotes, ENDED, type Exchanged, type Notes } from './exchange.ts';
import { makeKey, publicKeyOf, type Key } from './identity.ts';
import { createProbe, type Probe } from './probe.ts';
import { createPulse, looksAt } from './pulse.ts';
import { requirements, type Level, type Profile, type RequirementId } from './requirements.ts';
import { dialledOf, type Skill, type Subject } from './subject.ts';
import type { Trust } from './trust.ts';
import { createTurns } from './turns.ts';
import { assertAnswered, isWire } from './upgrade.ts';

/** What a run is told. Only the address is needed. */
export interface ConformOptions extends Trust {
  /** `ws://` or `wss://`. */
  url: string;
  /** What the peer is held to; what it speaks, unless said. */
  profiles?: readonly Profile[] | undefined;
  /** The least binding level that is tried: `may` unless said. */
  level?: Level | undefined;
  only?: readonly RequirementId[] | undefined;
  seed?: number | undefined;
  /** Tries of each property: 25. */
  runs?: number | undefined;
  /** A skill that reads and its params, where the peer publishes none. */
  method?: string | undefined;
  params?: Record<string, unknown> | undefined;
  token?: string | undefined;
  key?: Key | undefined;
  /** Keys under which the orchestrator has pinned an agent, and a second one: for agents of the kit's own. */
  agent_key?: Key | undefined;
  peer_key?: Key | undefined;
  /** Also calls skills that do more than read. */
  allow_effects?: boolean | undefined;
  drain?: (() => Promise<void> | void) | undefined;
  /** How long an answer may take, ms: 5 000. */
  answer_ms_max?: number | undefined;
  /** How long one check may take, and finding out what the peer speaks and can do, ms: 60 000. */
  check_ms_max?: number | undefined;
  /** Hears each outcome as it comes. */
  onResult?: ((result: Result) => void) | undefined;
}

/** What became of one sentence under one profile. */
export interface Result {
  id: RequirementId;
  profile: Profile;
  level: Level;
  source: string;
  text: string;
  outcome: 'pass' | 'fail' | 'skip';
  /** Why it failed or was skipped. */
  why?: string | undefined;
  took_ms: number;
  /** What went over the wire, of a failure. */
  exchanged?: readonly Exchanged[] | undefined;
}

/** What became of every sentence in one run. */
export interface Report {
  url: string;
  /** What the peer calls itself, on its card or in its document; undefined when it says nothing. */
  peer?: { name: string; version: string } | undefined;
  profiles: readonly Profile[];
  seed: number;
  runs: number;
  began_at: string;
  took_ms: number;
  /** No `must` failed, at least one held, and the peer was there to the end. */
  conforms: boolean;
  /** Of what the peer died, or that it was gone; undefined when it was there to the end. */
  ended?: string | undefined;
  counts: Record<Result['outcome'], number>;
  results: Result[];
}

/** Runs the kit against a peer. Rejects when nobody answers at the address. */
export async function conform(options: ConformOptions): Promise<Report> {
  const began = monotonic();
  const began_at = new Date(now()).toISOString();
  const seed = options.seed ?? Math.floor(now() % 1_000_000);
  const base = toSubject(options, seed);
  const profiles = options.profiles ?? (await spokenBy(base));
  const results: Result[] = [];
  let peer: Report['peer'];
  let ended: string | undefined;
  for (const profile of profiles) {
    const ran = await runProfile(profile, base, options, (subject) => (peer ??= peerIn(subject))).catch(
      (reason: unknown) => {
        if (results.length === 0) throw reason;
        const why = `the peer was not reached: ${reason instanceof Error ? reason.message : String(reason)}`;
        return { results: untried(profile, options, why), gone: why }; // it went away while an earlier profile was tried
      },
    );
    ended ??= ran.gone;
    results.push(...ran.results);
  }
  const counts = { pass: 0, fail: 0, skip: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  const musts = results.filter(({ level }) => level === 'must');
  const held = musts.every(({ outcome }) => outcome !== 'fail') && musts.some(({ outcome }) => outcome === 'pass');
  const conforms = held && ended === undefined;
  const { runs } = base;
  return {
    url: options.url,
    peer,
    profiles,
    seed,
    runs,
    began_at,
    took_ms: Math.round(monotonic() - began),
    conforms,
    ended,
    counts,
    results,
  };
}

/** The profiles that a peer speaks; none when what answers takes no WebSocket. Rejects when nobody answers at the address. */
export const profilesOf = (options: ConformOptions): Promise<Profile[]> => spokenBy(toSubject(options, 0));

/** The peer as a run begins with it. */
export const toSubject = (options: ConformOptions, seed: number): Subject => ({
  ...options,
  dialled: dialledOf(options.url),
  stranger: makeKey('conformance-kit'),
  turns: createTurns(),
  seed,
  runs: options.runs ?? RUNS_DEFAULT,
  allow_effects: options.allow_effects ?? false,
  limits: {
    answer_ms_max: options.answer_ms_max ?? ANSWER_MS_MAX,
    upgrade_ms_max: UPGRADE_MS_MAX,
    check_ms_max: options.check_ms_max ?? CHECK_MS_MAX,
  },
  monotonic,
  skills: [],
});

/** The profiles that a peer speaks: an orchestrator answers task methods and has no card; an agent speaks bare, mesh.v1, or both. */
async function spokenBy(subject: Subject): Promise<Profile[]> {
  const probeOf = (profile: Profile) => newProbe(profile, subject, 'profiles');
  const [bare, mesh] = [probeOf('bare').probe, probeOf('mesh.v1').probe];
  // Who never heard of mesh.v1 may agree to the upgrade without agreeing to that.
  const takes = async (probe: Probe, protocol: string) => {
    const answered = await probe.upgrade();
    assertAnswered(answered, subject.url);
    return isWire(answered) && answered.protocol === protocol;
  };
  const find = async (): Promise<Profile[]> => {
    const [takes_bare, takes_mesh] = [await takes(bare, ''), await takes(mesh, 'mesh.v1')];
    // Who takes nobody but mesh.v1 is held to it, whatever it makes of hello.
    const speaks_mesh = takes_mesh && ((await knowsHello(mesh)) || !takes_bare);
    const card = await mesh.http({ path: '/.well-known/agent-card.json' }).catch(() => undefined);
    if (speaks_mesh && card?.status !== 200) return ['orchestrator'];
    return [...(takes_bare ? ['bare' as const] : []), ...(speaks_mesh ? ['mesh.v1' as const] : [])];
  };
  try {
    return await inTime(subject, 'what the peer speaks', find());
  } finally {
    await Promise.all([bare.done(), mesh.done()]);
  }
}

/** What a peer calls itself. */
function peerIn({ card, document }: Subject): Report['peer'] {
  const about = card ?? (isFrame(document?.['info']) ? document['info'] : {});
  const name = about['name'] ?? about['title'];
  if (typeof name !== 'string') return undefined;
  return {
    name: name.slice(0, NAME_CHARS_MAX),
    version: (typeof about['version'] === 'string' ? about['version'] : '').slice(0, NAME_CHARS_MAX),
  };
}

/**
 * Whether hello means something to it: libraries agree to any subprotocol for agents that never heard of it, and who sends back
 * what comes sends our own proof.
 */
async function knowsHello(probe: Probe): Promise<boolean> {
  try {
    const { result, error } = (await probe.greet()).greeted.answer;
    if (isFrame(error)) return Number(error['code']) >= OWN_CODE_MIN; // it refused us, by one of the codes of the mesh
    const { agent, proof } = isFrame(result) ? result : {};
    const own = publicKeyOf(probe.subject.key ?? probe.subject.stranger);
    return typeof proof === 'string' && isFrame(agent) && agent['public_key'] !== own;
  } catch {
    return false;
  }
}

async function runProfile(
  profile: Profile,
  base: Subject,
  options: ConformOptions,
  onKnown: (subject: Subject) => void,
): Promise<{ results: Result[]; gone: string | undefined }> {
  await reach(profile, base);
  const subject = await known(profile, base, options);
  onKnown(subject);
  const pulse = await createPulse(looksAt(() => newProbe(profile, subject, 'lives').probe));
  const observed = new Map<RequirementId, { about: string; exchanged: readonly Exchanged[] }>();
  const due = dueChecks(profile, options);
  const results: Result[] = [];
  const tell = (result: Result) => {
    results.push(result);
    options.onResult?.(result);
  };
  const run = async (check: Check) => {
    const about = aboutOf(check.id, profile);
    const gone = pulse.gone();
    if (gone !== undefined) {
      tell({ ...about, outcome: 'skip', why: gone, took_ms: 0 });
      return;
    }
    const { tried, died } = await pulse.during(check, () => tryCheck(check, profile, subject, observed));
    if (died !== undefined) {
      const why = tried.why === undefined ? died : `${tried.why}; ${died}`;
      tell({ ...about, ...tried, outcome: 'fail', why });
    } else {
      const since = pulse.gone();
      tell({ ...about, ...tried, ...(since !== undefined && { outcome: 'skip' as const, why: since }) });
    }
  };
  const inPhase = (phase: Phase) => due.filter((check) => check.phase === phase);

  const long = Promise.all(inPhase('long').map(run));
  await inLanes(inPhase('plain'), LANES, run);
  await long;
  for (const check of inPhase('hard')) await run(check);
  const unheard = await pulse.unheard(); // before it is told to leave
  for (const check of inPhase('last')) await run(check);
  for (const id of WATCHED.filter((watched) => isDue(watched, profile, options))) {
    const fault = observed.get(id);
    const silent = unheard === undefined ? { outcome: 'pass' as const } : { outcome: 'skip' as const, why: unheard };
    const outcome = fault ? { outcome: 'fail' as const, why: fault.about, exchanged: fault.exchanged } : silent;
    tell({ ...aboutOf(id, profile), took_ms: 0, ...outcome });
  }
  return { results, gone: pulse.gone() };
}

/** Rejects when nobody answers at the address: then nothing was tried. */
async function reach(profile: Profile, base: Subject): Promise<void> {
  const { probe } = newProbe(profile, base, 'reach');
  try {
    assertAnswered(await probe.upgrade(), base.url);
  } finally {
    await probe.done();
  }
}

/** The sentences of a profile under which the peer could not even be reached. */
function untried(profile: Profile, options: ConformOptions, why: string): Result[] {
  const ids = [
    ...dueChecks(profile, options).map(({ id }) => id),
    ...WATCHED.filter((id) => isDue(id, profile, options)),
  ];
  const skipped = ids.map((id) => ({ ...aboutOf(id, profile), outcome: 'skip' as const, why, took_ms: 0 }));
  for (const result of skipped) options.onResult?.(result);
  return skipped;
}

/** The subject with all that can be known of it under a profile. */
async function known(profile: Profile, base: Subject, { method, params }: ConformOptions): Promise<Subject> {
  const { probe } = newProbe(profile, base, 'discover');
  try {
    const found = await inTime(base, 'what the peer can do', discover(probe));
    const own: Skill[] = method === undefined ? [] : [{ name: method, effect: 'read', params: params ?? {} }];
    const skills = skillsIn(found, probe.chance);
    const published = skills.find(({ name }) => name === method);
    const named = own.map((skill) => ({
      ...published,
      ...skill,
      ...(params === undefined && published && { params: published.params, is_made: published.is_made ?? false }),
    }));
    return { ...base, ...found, skills: [...named, ...skills.filter(({ name }) => name !== method)] };
  } finally {
    await probe.done();
  }
}

/** What is awaited. Rejects when it takes longer than a check may. */
async function inTime<T>({ limits }: Subject, what: string, awaited: Promise<T>): Promise<T> {
  const found = await within(
    limits.check_ms_max,
    awaited.then((value) => ({ value })),
  );
  if (!found) throw new Error(`${what} was not found out within ${limits.check_ms_max} ms`);
  return found.value;
}

async function tryCheck(
  check: Check,
  profile: Profile,
  subject: Subject,
  observed: Map<RequirementId, { about: string; exchanged: readonly Exchanged[] }>,
): Promise<Pick<Result, 'outcome' | 'why' | 'took_ms' | 'exchanged'>> {
  const began = monotonic();
  const took = () => Math.round(monotonic() - began);
  const { check_ms_max } = subject.limits;
  const { probe, notes } = newProbe(profile, subject, check.id, (id, about) => {
    if (!observed.has(id))
      observed.set(id, { about: `${cut(about)} (seen while ${check.id} was tried)`, exchanged: notes.all });
  });
  try {
    const done = await within(
      check_ms_max,
      check.run(probe).then(() => true),
    );
    if (done) return { outcome: 'pass', took_ms: took() };
    notes.add({ connection: 0, kind: 'event', text: ENDED });
    return { outcome: 'fail', why: `not over after ${check_ms_max} ms`, took_ms: took(), exchanged: [...notes.all] };
  } catch (reason) {
    const why = cut(reason instanceof Error ? reason.message : String(reason));
    if (reason instanceof Skip) return { outcome: 'skip', why, took_ms: took() };
    notes.add({ connection: 0, kind: 'event', text: ENDED });
    const said = reason instanceof Failure ? why : `the kit met ${why}`;
    return { outcome: 'fail', why: said, took_ms: took(), exchanged: [...notes.all] };
  } finally {
    await probe.done();
  }
}

/** A peer's words may stand in a reason, and a report is for reading. */
const cut = (why: string): string => (why.length > WHY_CHARS_MAX ? `${why.slice(0, WHY_CHARS_MAX)}…` : why);

function newProbe(
  profile: Profile,
  subject: Subject,
  name: string,
  observe: Observe = () => undefined,
): { probe: Probe; notes: Notes } {
  const notes = createNotes(monotonic);
  const chance = createChance(seedOf(subject.seed, name));
  return { notes, probe: createProbe({ profile, subject, chance, notes, observe }) };
}

const dueChecks = (profile: Profile, options: ConformOptions): Check[] =>
  checks.filter(({ id, profiles }) => profiles.includes(profile) && isDue(id, profile, options));

/** Whether a sentence is tried in a run of a profile. */
export function isDue(
  id: RequirementId,
  profile: Profile,
  { level = 'may', only }: Pick<ConformOptions, 'level' | 'only'>,
): boolean {
  const requirement = requirements[id];
  if (only && !only.includes(id)) return false;
  return requirement.profiles.includes(profile) && LEVELS.indexOf(requirement.level) <= LEVELS.indexOf(level);
}

function aboutOf(id: RequirementId, profile: Profile): Pick<Result, 'id' | 'profile' | 'level' | 'source' | 'text'> {
  const { level, source, text } = requirements[id];
  return { id, profile, level, source, text };
}

/** Runs all, at most so many at once, each in its turn. */
async function inLanes<T>(items: readonly T[], lanes: number, run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const LEVELS: readonly Level[] = ['must', 'should', 'may'];
const LANES = 4;
/** Codes of the mesh are above those of JSON-RPC. */
const OWN_CODE_MIN = 4_000;
const RUNS_DEFAULT = 25;
const ANSWER_MS_MAX = 5_000;
const UPGRADE_MS_MAX = 5_000;
const NAME_CHARS_MAX = 128;
/** How long one check may take, ms. */
const CHECK_MS_MAX = 60_000;
const WHY_CHARS_MAX = 600;
