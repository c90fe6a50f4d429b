/** Command lines by themselves: unwrapped, classified, weighed. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { severityRank, type AnalysisResult, type NotChecked } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { indicatorsInCommands, type Origin } from '../ioc/index.ts';
import { conclude, WEIGHT, type WeighedFinding } from '../verdict/index.ts';
import { classifyCommand, parentOf, type Classification, type CommandSign } from './classify.ts';
import { textsIn, type DecodedCommand } from './decode.ts';
import { accusingOf, isDiscovery, isEverydayAct, severityOf } from './gravity.ts';
import { fileOf } from './process-tree.ts';
import { mountedLolbas, whyNoLolbas } from './lolbas.ts';

/** One command line as judged. */
export const CommandReport = z.object({
  command: z.string().describe('cut and neutralised: data, whatever it says'),
  technique: z.string().nullable().describe('null when nothing decides'),
  technique_name: z.string().nullable(),
  why: z.string(),
  signs: z.array(
    z.object({
      rule: z.string(),
      technique: z.string(),
      strength: z.number().int(),
      title: z.string(),
      text: z.string(),
      steps: z.array(z.string()),
    }),
  ),
  layers: z.array(z.object({ steps: z.array(z.string()), text: z.string() })),
});
export type CommandReport = z.infer<typeof CommandReport>;

/**
 * Judges each; a finding for each that decides for something graver than looking around. `origins` says where each command stands,
 * for findings to cite; `params`, `/commands/n` unless said.
 */
export function checkCommands(
  commands: readonly string[],
  content: Content,
  origins: readonly Origin[] = [],
): AnalysisResult & { commands: CommandReport[] } {
  const lolbas = mountedLolbas(content);
  const judged = commands.map((command) => classifyCommand(command, lolbas));
  const place = (index: number) => origins[index] ?? { source: 'params', locator: `/commands/${index}` };
  const found = judged.map((classification, index) =>
    findingOf(classification, commands[index] ?? '', { index, ...place(index) }),
  );
  const findings = found.flat();
  const read = judged.filter(({ decoded }) => decoded.left.length === 0).length;
  const left = judged.flatMap(({ decoded }, index) =>
    decoded.left.map((what): NotChecked & { mandatory: boolean } => ({
      what: `command ${index + 1}: ${what}`,
      why: 'a bound was reached',
      mandatory: true,
    })),
  );
  const planted = classifyCommand('vssadmin.exe delete shadows /all /quiet', lolbas);
  const result = conclude({
    subject: `${commands.length} command line${commands.length === 1 ? '' : 's'}`,
    findings,
    techniques: judged.flatMap(({ technique, signs: [deciding] }, index) => {
      const known =
        technique === undefined || deciding?.is_mention
          ? undefined
          : (techniqueOf(technique) ?? techniqueOf(parentOf(technique)));
      return known
        ? [
            {
              id: known.id,
              evidence: [evidence({ ...place(index), text: commands[index] ?? '' })],
            },
          ]
        : [];
    }),
    iocs: indicatorsInCommands(
      judged.flatMap(({ decoded }, index) => (found[index]?.some(isOfWeight) === true ? textsIn(decoded) : [])),
    ),
    checked: [
      {
        question: 'Do the command lines do what intruders do?',
        corpus: {
          sha256: createHash('sha256').update(JSON.stringify(commands)).digest('hex'),
          items: commands.length,
          items_read: read,
        },
        ...(planted.technique === 'T1490'
          ? { control: `a planted command was recognised as ${planted.technique}` }
          : {}),
      },
    ],
    not_checked: [
      ...(planted.technique === 'T1490'
        ? []
        : [{ what: 'the command lines as a whole', why: 'a planted command was not recognised', mandatory: true }]),
      ...left.slice(0, LEFT_LISTED_MAX),
      ...(left.length > LEFT_LISTED_MAX
        ? [{ what: `${left.length - LEFT_LISTED_MAX} further parts of commands`, why: 'a bound was reached' }]
        : []),
      ...(lolbas ? [] : [{ what: 'misused programs of the system by the public table', why: whyNoLolbas(content) }]),
      { what: 'who ran the commands, where, and what came of it', why: 'only their text was given' },
    ],
    data_versions: lolbas ? { lolbas: lolbas.version } : {},
  });
  return {
    ...result,
    commands: judged.map((classification, index) => toReport(classification, commands[index] ?? '')),
  };
}

const isOfWeight = ({ severity, is_everyday }: WeighedFinding): boolean =>
  is_everyday !== true && severityRank(severity) >= severityRank('medium');

function findingOf(
  { technique, signs, decoded }: Classification,
  command: string,
  { index, source, locator }: Origin & { index: number },
): WeighedFinding[] {
  const deciding = accusingOf(signs);
  if (technique === undefined || !deciding || deciding.is_mention) return [];
  const severity = isDiscovery(deciding.technique) ? 'info' : severityOf(deciding);
  return [
    {
      id: `command-${index + 1}`,
      title: neutralize(`${fileOf(command.split(/\s/, 1)[0] ?? '') || 'a command'} ${deciding.title}`, TITLE_CHARS_MAX),
      severity,
      rule: deciding.rule,
      weight: severity === 'info' ? 0 : WEIGHT[severity],
      basis: `technique ${parentOf(deciding.technique)}`,
      is_everyday: isEverydayAct(deciding),
      evidence: [
        evidence({ source, locator, text: command }),
        ...(deciding.steps.length === 0
          ? []
          : [
              evidence({
                source,
                locator: `${locator} after ${deciding.steps.join(', ')}`,
                text: fromThere(deciding, decoded),
              }),
            ]),
      ],
    },
  ];
}

/** The words that decided with what follows them: an address goes on behind them. */
function fromThere({ text, steps }: CommandSign, { layers }: DecodedCommand): string {
  const layer = layers.find((each) => each.steps.join() === steps.join() && each.text.includes(text));
  return layer ? layer.text.slice(layer.text.indexOf(text)) : text;
}

/** What only mentions an act decides nothing. */
const decidedIn = ({ technique, signs: [deciding] }: Classification): string | undefined =>
  deciding?.is_mention ? undefined : technique;

const toReport = (classification: Classification, command: string): CommandReport => {
  const { signs, abstained, decoded } = classification;
  const technique = decidedIn(classification);
  return {
    command: neutralize(command, COMMAND_SHOWN_MAX),
    technique: technique ?? null,
    technique_name: (technique === undefined ? undefined : techniqueOf(technique)?.name) ?? null,
    why: abstained ?? `${signs[0]?.rule ?? ''}: ${signs[0]?.title ?? ''}`,
    signs: signs
      .slice(0, SIGNS_LISTED_MAX)
      .map(({ text, steps, is_mention: _is_mention, severity: _severity, ...sign }) => ({
        ...sign,
        text: neutralize(text, TEXT_SHOWN_MAX),
        steps: [...steps],
      })),
    layers: decoded.layers
      .slice(0, LAYERS_LISTED_MAX)
      .map(({ steps, text }) => ({ steps, text: neutralize(text, COMMAND_SHOWN_MAX) })),
  };
};

const TITLE_CHARS_MAX = 300;
const COMMAND_SHOWN_MAX = 512;
const TEXT_SHOWN_MAX = 160;
const SIGNS_LISTED_MAX = 20;
const LAYERS_LISTED_MAX = 10;
const LEFT_LISTED_MAX = 50;
