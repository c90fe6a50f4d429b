/** The rules planner: which specialists look at an input, in which order, and what depends on what was found. */
import { z } from 'zod';
import { AnalysisResult, type InputKind, type Ioc, type Source } from '../protocol/index.ts';
import { alertLook, type Alert, type PlacedAlert } from './alert-steps.ts';
import type { Interest } from './interest.ts';
import { responseStep } from './response.ts';
import type { ScriptCommand } from './script.ts';

/** One handoff that a plan asks for. */
export interface Step {
  /** Unique in the plan; a step is asked for once. */
  step: string;
  skill: string;
  /** Exactly this agent, whose card asked for it; whoever offers the skill unless said. */
  agent_id?: string;
  params: Record<string, unknown>;
  /** Why, for people: it becomes a thought on the investigation's stream. */
  reason: string;
  /** It gets so long at most, ms: its answer may be missed. */
  patience_ms?: number;
}

/** What a planner looks at. */
export interface Situation {
  kind: InputKind;
  input: Source;
  /** The parsed alert, when the input is one. */
  alert: Alert | undefined;
  /** The alerts of an input with what was read beside them and where; the one above alone unless said. */
  alerts?: readonly PlacedAlert[] | undefined;
  /** The commands of the input, when it is a text that is a script. */
  commands?: readonly ScriptCommand[] | undefined;
  /** What came back so far, by step; a failed step has no result. */
  settled: ReadonlyMap<string, unknown>;
  /** Whether anybody known here offers a skill; what only some fleets have is asked for where they have it. */
  offers?: ((skill: string) => boolean) | undefined;
  /** Skills whose cards ask to be shown this input, in the order to ask them in. */
  interested?: readonly Interest[] | undefined;
}

/** Turns a situation into steps. Asked again whenever something came back; answering nothing new ends the plan. */
export interface Planner {
  next(situation: Situation): Step[];
  /** Asked once all of it is back: who says what to do about it, and in which order. Nobody unless said. */
  respond?(result: AnalysisResult, offers?: (skill: string) => boolean): Step | undefined;
}

/** The planner without a model: a short table of rules, read from top to bottom. */
export const rulesPlanner: Planner = {
  next(situation) {
    const first = withInterested(situation, firstLook(situation));
    const missing = first.filter(({ step }) => !situation.settled.has(step));
    return [...missing, ...urlSteps(situation), ...followUp(situation, first)];
  },
  respond: responseStep,
};

/** Whoever asks for such inputs by its card looks at them too, beside our own; who is asked already is not asked twice. */
function withInterested({ input, interested = [] }: Situation, own: readonly Step[]): Step[] {
  const others = interested.filter(({ skill }) => !own.some((step) => step.skill === skill));
  const steps = others.map(({ agent_id, skill }) => {
    const reason = `${agent_id} asks by its card to be shown such inputs`;
    return { step: `card:${agent_id}/${skill}`, skill, agent_id, params: { input }, reason };
  });
  return [...own, ...steps];
}

/** What the input itself calls for; all of it may run side by side. */
function firstLook(situation: Situation): Step[] {
  const { kind, input, offers, commands = [] } = situation;
  switch (kind) {
    case 'email':
      return [{ step: 'email', skill: 'analyze_email', params: { email: input }, reason: 'The input is a mail' }];
    case 'access_log':
      return [
        {
          step: 'access_log',
          skill: 'analyze_access_log',
          params: { log: input },
          reason: 'The input is a web access log',
        },
      ];
    case 'http':
      return [
        { step: 'http', skill: 'analyze_http', params: { source: input }, reason: 'The input is an HTTP request' },
      ];
    case 'report':
      return [
        {
          step: TEXT_STEP,
          skill: 'extract_iocs',
          params: { source: input },
          reason: 'The input is text that may name indicators',
        },
        ...(offers?.('map_text_to_attack')
          ? [
              {
                step: 'techniques',
                skill: 'map_text_to_attack',
                params: { source: input },
                reason: 'The input is text that may tell of techniques',
              },
            ]
          : []),
        ...(commands.length > 0
          ? [
              {
                step: 'script',
                skill: 'check_lolbins',
                params: {
                  commands: commands.map(({ text }) => text),
                  origins: commands.map(({ line }) => ({ source: nameOf(input), locator: `line ${line}` })),
                },
                reason: 'The input is a script: its commands',
              },
            ]
          : []),
      ];
    case 'intel':
      return [
        {
          step: 'intel_document',
          skill: 'import_intel',
          params: { source: input },
          reason: 'The input is intelligence that somebody shares',
        },
      ];
    case 'events':
      return recordingLook(input, 'The input is a recording of events');
    case 'evtx':
      return [
        {
          step: 'evtx',
          skill: 'parse_evtx',
          params: { log: input },
          reason: 'The input is a Windows event log: its records, their times, its damage',
        },
        ...recordingLook(input, 'The input is a Windows event log'),
      ];
    case 'artifact':
      return [
        {
          step: 'artifact',
          skill: 'parse_artifact',
          params: { artifact: input },
          reason: 'The input is an artefact of a host',
        },
      ];
    case 'alert':
      return alertFirst(alertsOf(situation), input.name);
    case 'certificate':
    case 'file':
      return []; // no specialist of ours: agents ask for them by their cards
  }
}

/** Alerts that name indicators only need nobody else first. */
function alertFirst(alerts: readonly PlacedAlert[], name: string): Step[] {
  const steps = alertLook(alerts, name);
  const found = alerts.flatMap((alert) => foundIn(alert, name));
  return steps.length > 0 || found.length === 0 ? steps : intelSteps(alerts, distinct(found));
}

/** Both look at every event, with different eyes: the rules of the trade, and what a host does. */
const recordingLook = (input: Source, reason: string): Step[] => [
  { step: 'endpoint', skill: 'assess_endpoint', params: { events: input }, reason: `${reason}: what the hosts do` },
  { step: 'sigma', skill: 'run_sigma', params: { events: input }, reason: `${reason}: which rules match` },
];

/** The URLs that a text names are taken apart too, as they are when somebody asks about one: both ways say the same. */
function urlSteps({ kind, input, settled, offers }: Situation): Step[] {
  if (kind !== 'report' || !offers?.('analyze_url')) return [];
  const text = settled.get(TEXT_STEP);
  const open = urlsFound(text)
    .slice(0, URLS_MAX)
    .map((url, nth) => ({ url, step: `url-${nth + 1}` }))
    .filter(({ step }) => !settled.has(step));
  if (open.length === 0) return [];
  const places = placesIn(text);
  return open.map(({ url, step }) => ({
    step,
    skill: 'analyze_url',
    params: { url, origin: { source: nameOf(input), locator: places.get(url) ?? 'named by extract_iocs' } },
    reason: 'The text names a URL: its host and what it imitates',
  }));
}

/** The URLs that a text was found to name, each once. */
export const urlsFound = (result: unknown): string[] => {
  const iocs = AnalysisResult.safeParse(result).data?.iocs ?? [];
  return [...new Set(iocs.filter(({ type }) => type === 'url').map(({ value }) => value.slice(0, URL_CHARS_MAX)))];
};

/** Where the text first names each of its values, as the one who read it says. */
function placesIn(result: unknown): Map<string, string> {
  const places = new Map<string, string>();
  for (const { value, line } of Extracted.safeParse(result).data?.extracted ?? []) {
    const url = value.slice(0, URL_CHARS_MAX);
    if (!places.has(url)) places.set(url, `line ${line}`);
  }
  return places;
}

const nameOf = ({ name }: Source): string => name.slice(0, SOURCE_CHARS_MAX);

/** Once everything of the first look is back, whatever indicators it rests on go to threat intelligence, once. */
function followUp(situation: Situation, first: readonly Step[]): Step[] {
  const { input, settled } = situation;
  const is_waiting = first.some(({ step }) => !settled.has(step));
  if (is_waiting || settled.has(INTEL_STEP) || first.some(({ step }) => step === INTEL_STEP)) return [];
  const iocsOf = (step: string) => AnalysisResult.safeParse(settled.get(step)).data?.iocs ?? [];
  // Whoever extracts indicators from text judges them in the same breath: the same evidence is not weighed twice.
  const texts = first.filter(({ skill }) => skill === 'extract_iocs');
  const judged = new Set(texts.flatMap(({ step }) => iocsOf(step).map(keyOf)));
  const named = first
    .filter((step) => !texts.includes(step))
    .flatMap(({ step, skill, agent_id }) => {
      const locator = agent_id === undefined ? `named by ${skill}` : `named by ${skill} of ${agent_id}`;
      return iocsOf(step).map((ioc) => ({ ioc, origin: { source: input.name, locator } }));
    });
  const alerts = alertsOf(situation);
  const found = distinct([...alerts.flatMap((alert) => foundIn(alert, input.name)), ...named]);
  return intelSteps(
    alerts,
    found.filter(({ ioc }) => !judged.has(keyOf(ioc))),
  );
}

/** An indicator with the place that a finding about it cites. */
interface Found {
  ioc: Ioc;
  origin: { source: string; locator: string };
}

const alertsOf = ({ alert, alerts }: Situation): readonly PlacedAlert[] =>
  alerts ?? (alert ? [{ alert, place: '', places: new Map(), commands: [], iocs: [] }] : []);

const foundIn = ({ alert, place, iocs }: PlacedAlert, source: string): Found[] =>
  [
    ...alert.iocs.map((ioc, index) => ({ ioc, at: `${place}/iocs/${index}/value` })),
    ...iocs.map(({ type, value, place: within }) => ({ ioc: { type, value }, at: place + within })),
  ].map(({ ioc: { type, value }, at }) => ({
    ioc: { type, value },
    origin: { source, locator: at.slice(0, LOCATOR_CHARS_MAX) },
  }));

/** As many steps as it takes to ask about every indicator: none is left out in silence. */
function intelSteps(alerts: readonly PlacedAlert[], found: readonly Found[]): Step[] {
  const reason = `${found.length} indicator${found.length === 1 ? '' : 's'} came up; threat intelligence judges them`;
  const alert_id = (alerts.length === 1 ? alerts[0]?.alert.alert_id : undefined) ?? 'investigation';
  return Array.from({ length: Math.ceil(found.length / IOCS_MAX) }, (_, part) => {
    const asked = found.slice(part * IOCS_MAX, (part + 1) * IOCS_MAX);
    return {
      step: part === 0 ? INTEL_STEP : `${INTEL_STEP}-${part + 1}`,
      skill: 'analyze_threat',
      params: { alert_id, iocs: asked.map(({ ioc }) => ioc), origins: asked.map(({ origin }) => origin) },
      reason,
    };
  });
}

const distinct = (found: readonly Found[]): Found[] => {
  const by_key = new Map<string, Found>();
  for (const each of found) if (!by_key.has(keyOf(each.ioc))) by_key.set(keyOf(each.ioc), each);
  return [...by_key.values()];
};

const keyOf = ({ type, value }: Ioc): string => `${type} ${value}`;

/** Whose trade each skill is, in our own fleet: names the specialist that a fleet lacks. */
export const SPECIALIST_OF: Readonly<Record<string, string>> = {
  analyze_access_log: 'web-security',
  analyze_email: 'email-security',
  analyze_http: 'web-security',
  analyze_threat: 'threat-intel',
  analyze_url: 'email-security',
  assess_endpoint: 'endpoint-security',
  check_lolbins: 'endpoint-security',
  correlate_alerts: 'security-analyst',
  extract_iocs: 'threat-intel',
  import_intel: 'threat-intel',
  map_text_to_attack: 'threat-intel',
  parse_artifact: 'forensic-analyst',
  parse_evtx: 'forensic-analyst',
  plan_response: 'incident-responder',
  run_sigma: 'threat-hunter',
  triage_alert: 'security-analyst',
};
/** Of a text, so many URLs are taken apart. */
export const URLS_MAX = 20;
const URL_CHARS_MAX = 4_096;
/** The longest source, and the longest place in it, that a finding cites. */
const SOURCE_CHARS_MAX = 255;
const LOCATOR_CHARS_MAX = 255;
const Extracted = z.object({ extracted: z.array(z.object({ value: z.string(), line: z.number().int() })) });
/** The step that reads a text for indicators. */
export const TEXT_STEP = 'text';
const INTEL_STEP = 'intel';
/** Indicators one call of `analyze_threat` takes. */
const IOCS_MAX = 1_000;
