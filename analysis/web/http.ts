/** From a few requests to a verdict: what each place of each request tries. */
import { createHash } from 'node:crypto';
import type { AnalysisResult, Checked, Ioc, NotChecked } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { indicatorsInCommands } from '../ioc/index.ts';
import { conclude, WEIGHT, type WeighedFinding } from '../verdict/index.ts';
import { layersOf } from './decode.ts';
import type { AttackClass } from './hit.ts';
import { judgeRequest, judgeValue, type Hit } from './judge.ts';
import { knownPathOf, scannerOf } from './known-paths.ts';
import { onePerPart, toHit } from './parts.ts';
import { placesOf, type HttpRequest } from './request.ts';
import { GRAVE, TRADE } from './trade.ts';

/** Judges requests together. Deterministic. `source` is what findings cite. */
export function analyzeRequests(requests: readonly HttpRequest[], source: string): AnalysisResult {
  const judged = requests.map((request, index) => ({ ...attacksOf(request), index }));
  const all = judged.flatMap(({ hits, index }) => hits.map((hit) => ({ hit, index })));
  // Beyond the bound the doubtful ones go: they may be there to crowd out the certain one.
  const listed =
    all.length <= FINDINGS_MAX
      ? all
      : [...all.filter(({ hit }) => hit.certain), ...all.filter(({ hit }) => !hit.certain)].slice(0, FINDINGS_MAX);
  const findings = listed.map(({ hit, index }) =>
    toFinding(hit, requests.length > 1 ? `request ${index + 1}, ` : '', index, source),
  );
  const control = plantedAttack();
  const checked: Checked = {
    question: 'Do the requests attack the application?',
    corpus: {
      sha256: createHash('sha256').update(JSON.stringify(requests)).digest('hex'),
      items: requests.length,
      items_read: judged.filter(({ cut }) => cut.length === 0).length,
      items_judged: judged.filter(({ cut, doubts }) => cut.length + doubts.length === 0).length,
    },
    ...(control === undefined ? {} : { control }),
  };
  const gaps: (NotChecked & { mandatory?: boolean; is_unjudged?: boolean })[] = judged.flatMap(
    ({ cut, doubts, index }) => [
      ...cut.map((what) => ({
        what: `request ${index + 1}: ${neutralize(what)}`,
        why: 'only the ends are judged of what is so long',
        mandatory: true,
      })),
      // What was found stays as sure as it is: whoever adds a doubt must not lower it.
      ...doubts.map(({ what, why }) => ({
        what: `request ${index + 1}: ${neutralize(what)}`,
        why,
        is_unjudged: true,
      })),
    ],
  );
  if (control === undefined)
    gaps.push({ what: 'the requests as a whole', why: 'a planted attack was not recognised', mandatory: true });
  if (all.length > FINDINGS_MAX)
    gaps.push({ what: `${all.length - FINDINGS_MAX} further findings`, why: `${FINDINGS_MAX} are listed` });
  return conclude({
    subject: requests.length === 1 ? 'The request' : `The ${requests.length} requests`,
    findings,
    techniques: listed.flatMap(({ hit, index }) =>
      techniquesOf(hit, requests.length > 1 ? `request ${index + 1}, ` : '', source),
    ),
    iocs: commandIndicators(judged.map(({ hits, index }) => ({ hits, request: requests[index] }))),
    checked: [checked],
    not_checked: [
      ...gaps.slice(0, GAPS_MAX),
      ...(gaps.length > GAPS_MAX
        ? [
            {
              what: `${gaps.length - GAPS_MAX} further parts`,
              why: 'they are too long to be judged whole, or servers read them in different ways',
            },
          ]
        : []),
      { what: 'whether an attack worked', why: 'a request does not show its answer' },
    ],
    recommendations: all.some(({ hit }) => hit.certain)
      ? [
          {
            action: 'Search the access log for this source and for answers to the same path',
            action_class: 'read',
            target: source,
            reason: 'Shows whether the attack was answered, and who else tried',
          },
        ]
      : [],
  });
}

/** Whom the commands speak to that were put into requests: what they fetch, and from where. */
function commandIndicators(judged: readonly { hits: readonly Hit[]; request: HttpRequest | undefined }[]): Ioc[] {
  const texts = judged.flatMap(({ hits, request }) => {
    const parts = new Set(
      hits
        .filter(({ class: attack, certain, in_prose }) => certain && !in_prose && RUNS.has(attack))
        .map(({ label }) => label),
    );
    if (!request || parts.size === 0) return [];
    return placesOf(request)
      .values.filter(({ label }) => parts.has(label))
      .flatMap(({ text }) => layersOf(text).map((layer) => layer.text.slice(0, COMMAND_CHARS_MAX)));
  });
  return indicatorsInCommands(texts.slice(0, COMMANDS_MAX));
}

/** What a request attacks, one hit a part; `cut` and `doubts` as `judgeRequest` names them. */
export function attacksOf(request: HttpRequest): ReturnType<typeof judgeRequest> {
  const { hits, ...unread } = judgeRequest(request);
  return { hits: onePerPart([...namedHits(request, hits), ...hits]), ...unread };
}

/** What lists know by name: the path and the scanner. */
function namedHits({ target, headers = {} }: HttpRequest, hits: readonly Hit[]): Hit[] {
  const known = knownPathOf(target);
  const [header, agent = ''] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'user-agent') ?? [];
  const scanner = scannerOf(agent);
  const named: Hit[] = known ? [toHit(known, target, hits)] : [];
  if (scanner === undefined) return named;
  const title = 'a scanner by its own name';
  const label = `header ${header}`;
  return [...named, { class: 'scanner', rule: 'scanner/agent', title, certain: true, label, text: scanner, steps: [] }];
}

/** One place is one observation, however many rules see it; different places are independent. */
export const toFinding = (hit: Hit, where: string, index: number, source: string): WeighedFinding => {
  const severity = !hit.certain
    ? 'info'
    : hit.is_spoken_of
      ? 'low'
      : GRAVE.has(hit.class) && !hit.in_prose
        ? 'high'
        : TRADE[hit.class].severity;
  return {
    id: `${hit.rule}_${index}_${neutralize(hit.label, LABEL_CHARS_MAX)}`,
    title: `${TRADE[hit.class].title} in the ${neutralize(hit.label, LABEL_CHARS_MAX)}: ${hit.title}${hit.in_prose ? ', in a text that may only speak of it' : ''}`,
    severity,
    rule: hit.rule,
    weight: !hit.certain ? 0 : hit.is_spoken_of ? WEIGHT.low : severity === 'high' ? WEIGHT.critical : WEIGHT.medium,
    basis: `request ${index} ${hit.label}`,
    evidence: [citing(hit, where, source)],
  };
};

/** The techniques that a certain hit supports. */
export const techniquesOf = (hit: Hit, where: string, source: string) =>
  hit.certain ? TRADE[hit.class].techniques.map((id) => ({ id, evidence: [citing(hit, where, source)] })) : [];

/** The positive control, judged by the same code; undefined when it was not recognised. */
export function plantedAttack(): string | undefined {
  const found = judgeValue(PLANTED)[0];
  return found && `a planted value was recognised as ${found.class} (${found.rule})`;
}

const citing = (hit: Hit, where: string, source: string) =>
  evidence({
    source,
    locator: `${where}${hit.label}${hit.steps.length > 0 ? ` (decoded: ${hit.steps.join(', ')})` : ''}`,
    text: hit.text,
  });

/** Attacks that have the server run what stands in the value. */
const RUNS: ReadonlySet<AttackClass> = new Set([
  'rce',
  'rfi',
  'log4shell',
  'php-injection',
  'java-injection',
  'nodejs-injection',
  'template-injection',
]);
const COMMANDS_MAX = 200;
const COMMAND_CHARS_MAX = 4_096;
/** Requests judged in one call. */
export const REQUESTS_MAX = 100;
const PLANTED = "1' UNION SELECT name FROM users-- ";
const FINDINGS_MAX = 200;
const GAPS_MAX = 50;
/** A label quotes the sender's own name of a parameter. */
const LABEL_CHARS_MAX = 120;
