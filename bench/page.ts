/** `docs/performance.md`, made from the results. */
import { figureText } from './figure.ts';
import { GOALS } from './goals.ts';
import type { Line, Results } from './results.ts';

/** The page. */
export const toPage = ({ lines, machine, versions, remark }: Results): string =>
  [
    TITLE,
    forUsers(lines, machine),
    HEAD,
    ...(remark === undefined ? [] : [`**Of these figures:** ${remark}\n`]),
    tableOf(lines),
    HOW,
    rowsOf(lines),
    WHERE,
    machineOf(machine, versions),
  ].join('\n');

/** What somebody who wants to use it reads first: what red says, what it does not, and what they get. */
function forUsers(lines: readonly Line[], { cpu, cores }: Results['machine']): string {
  const days = lines.map(({ measured_at }) => measured_at.slice(0, 10)).sort();
  const when = [...new Set([days.at(0), days.at(-1)])].join(' to ');
  const judged = lines.filter(({ verdict }) => verdict !== 'told' && verdict !== 'skipped');
  const red = judged.filter(({ verdict }) => verdict === 'red').length;
  const ours = (id: string) => lines.find((line) => line.id === id)?.note?.split(' : ')[0];
  const [rate, pause] = [ours('G3'), ours('G8c')];
  const got =
    rate !== undefined && pause !== undefined
      ? ` What you get there, each task on disk before it is acknowledged: ${rate} with 64 dispatches in flight; one caller alone waits ${pause} (p50).`
      : '';
  return `On ${cores} cores of ${cpu}, ${when}: ${red} of ${judged.length} judged rows are red. Red means that it is slower than a floor taken from
prototypes that keep two rows a task and know no proofs of identity, tracing or audit; it does not mean that something fails.${got}
`;
}

function tableOf(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const { id, title, figure, spread, floor, target, stretch, verdict, note = '', why, unit } = line;
    const sign = line.better === 'more' ? '≥' : '≤';
    const mark = (value: number | undefined) => (value === undefined ? '' : `${sign} ${figureText(value)}`);
    const measured = figure === undefined ? '' : `${figureText(figure)}${unit === 'ratio' ? '' : ` ${unit}`}`;
    const between = spread ? `${figureText(spread.least)} to ${figureText(spread.most)} (${line.rounds ?? 1})` : '';
    return [id, title, measured, between, mark(floor), mark(target), mark(stretch), verdict, why ?? note];
  });
  const head = ['row', 'what', 'figure', 'spread (rounds)', 'floor', 'target', 'stretch', 'verdict', 'behind it'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cellOf).join(' | ')} |`).join('\n');
}

/** A cell of Markdown: a pipe or a line break in a note must not end it. */
const cellOf = (words: string): string => words.replaceAll('|', '\\|').replaceAll('\n', ' ');

const rowsOf = (lines: readonly Line[]): string =>
  GOALS.filter(({ id }) => lines.some((line) => line.id === id))
    .map(({ id, title, means, but }) => `- **${id}**, ${title}. ${means} *But:* ${but}`)
    .join('\n');

function machineOf({ cpu, cores, memory_gb, os }: Results['machine'], versions: Results['versions']): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `
## On what

${cores} cores of ${cpu}, ${memory_gb} GB, ${os}. ${named.join(', ')}.
`;
}

const TITLE = '# How fast it is\n';

const HEAD = `Made by \`npm run bench\`; do not edit. Each figure is a ratio from one interleaved run: product and peer take turns, round by round,
in processes of their own on loopback, and the median of the rounds counts. Ratios of two runs on two machines can be compared,
rates cannot: those behind a ratio are in the last column, product first.

![Figures in targets, to the right is better](performance.svg)

**green** is at its target less 15 % (the targets come from prototypes without proof of identity, tracing and audit), **yellow** at its
floor, **red** below it. A row without marks is **told**; a row is **skipped** where its peer is not there, with the reason.
`;

const WHERE = `
## Where the time of a dispatch goes, and why it is not less

The orchestrator takes some 140 µs for a dispatch of 64 in flight when it is measured alone beside a relay (which takes 22), and 170 to 200
in the table above, among the processes of the other contenders. Of the 140:

- **The ledger, 65 µs**: two commits, four events, two states of the task. Each event is a row with its own SHA-256 and that of the one
  before, in a chain that can be checked; SQLite takes 6 µs a row in groups of 32, half of it for handing values over. Two rows a
  dispatch, as the prototypes behind the targets wrote, would be 18 µs: the floor of G11 (twice a relay) is less than the ledger alone.
- **Sockets and frames, 22 µs**, as in the relay: the writes of a turn leave together.
- **What is judged and told, 20 µs**: frames, both schemas, rights, policy, breaker, budget, two trace contexts, one log line (4 µs),
  three numbered events (3 µs), metrics.
- **Promises and garbage, the rest**: 65 KB are made for a dispatch, by some three hundred functions; the largest makes a sixteenth of it.

What is made is cheap, what outlives its call is not. An object literal with getters makes the engine draw up a hidden class for every
call; it lives, with all that the getters reach, until the next full collection, and teaches the engine to make the rest of a call in the
old part of the heap as well, where garbage keeps other garbage. Since the context and the run of a skill are classes, and a process
keeps its garbage young (\`boot/heap.ts\`), an agent takes 51 µs for a call instead of 81, the orchestrator 161 instead of 171, and
5 900 dispatches a second are possible instead of 5 400 (same machine, in turns).

With the commit left out, so that nothing is written at all, it is 134 µs instead of 210 in the same run, and 6 200 dispatches a second
instead of 4 400: 0.18 of a relay. So no form of the ledger alone reaches the floor of G1, and no path without one that of G2.

Nor is it the mesh alone. A bare relay that judges both schemas, writes one log line and keeps the four chained events of a dispatch in
the product's own store, ahead of handing over and of answering, and does nothing else (row \`record\`), makes 0.28 of a raw relay and
takes 138 µs in the middle instead of 35. So much the record of promises.md costs on this stack, by itself; the floors of G1, G3 and G11
lie above what is left when everything else of a mesh is taken away.

One caller at a time (G8, G9) waits for all of it, with nothing shared: two transactions of their own, and every cache cold. For what takes
the orchestrator 190 µs at 64 in flight it takes 220 at 16, 420 at 4 and 830 at one (\`perf\`, without a journal). It does nothing
more then: its compiled code alone takes 94 µs instead of 22. Between two calls the processor goes to others, and each of some 57 system calls
(29 of them write pages of SQLite, 12 are its locks) empties the table of addresses on a machine like this one. Tried and not kept: all rows of a group as one JSON parameter (11 µs a row instead of 8), a log that is silent
(a tenth of G8), single-threaded or larger collection of garbage, groups of 16 (more transactions than they let others do), one row for all events of a commit (48 µs of SQLite to 42),
large groups on a thread (4 900 a second instead of 5 600 to 6 500: docs/decisions/0010), a larger cache, a later checkpoint or a mapped file (nothing at 64 in flight), code compiled sooner or kept (\`--always-sparkplug\`,
\`--no-lazy-feedback-allocation\`, \`--interrupt-budget\`: nothing, or worse).
\`aurora-mesh\` ships with FULL, and that costs hardly more than NORMAL (G3 over G1), because a group is synced once.

An idle agent (G12) holds 13 KB of objects: two links with their frames and timers, a card that its replicas share, a lease. The rest of
what the process holds is room that V8 has not given back: six processes in a row came to 23 to 33 KB, and one grows by 0.15 KB a second
until the collector comes round. Registering (G13) is two upgrades, two hellos, four proofs, a card. Of the
processor time that orchestrator and agents take for it a fifth are the proofs, made and checked at both ends, and a quarter two
upgrades as bare \`ws\` makes them; the rest is spread over a thousand functions, most of which run too seldom to be compiled well.

A megabyte by reference (G17) is hashed, granted, put, synced, dispatched with two synced commits, read back and checked. Hashing takes
0.6 ms each of the three times; an acknowledged blob is on the disk. A quarter of the orchestrator's time and nearly half of the agent's is
the collector, which comes for the buffers of the sockets: V8 counts what lies outside its heap.
`;

const HOW = `
## How it is measured

- **The product** is what ships: \`dist/boot/process.js orchestrator\` as \`aurora up\` starts it, its log in a file, and an agent made with
  \`aurora-mesh/agent\`. The caller is a proven operator; each call is a \`handoff\` to whoever has the skill, answered by its result.
  Settings: \`ledger.durability\` as the row says (\`full\` unless said), and \`limits.frames_per_s\` raised, for a connection may send
  200 frames a second and what is asked for here is more.
- **The agent** answers the reference's \`analyze_threat\` (a request of some 300 bytes, an answer of some 200) without analysing
  anything: the real specialist takes milliseconds, which would hide the mesh in the analysis. Both schemas are checked as always, and
  every peer answers the same bytes. Its skill takes 64 calls at once, for the peers have no lanes.
- **The caller** is the same lean loop for everybody: so many calls in flight, each answer checked, writes of one turn held together.
- **A run**: 20 000 calls or eight seconds each to warm up, then five rounds of two seconds; every other round goes backwards.
- \`npm run bench\` installs the peers into \`bench/node_modules\` once, which needs the npm registry; nats-server is Debian's. Exit code 1:
  something is below its floor. 3: nothing is, but something was skipped. 2: called wrongly.

\`\`\`sh
npm run bench -- G1 G8 --rounds 3 --seconds 1   # some rows, sooner
npm run bench -- G1 --cpu-prof /tmp/profiles    # with profiles of orchestrator and agent, for the tools of Chromium
npm run bench -- G1 G2 G8 --slow                # an orchestrator that wastes 1 ms a dispatch: the rows have to turn red
npm run bench -- G1 --write                     # put the rows into bench/results.json and onto this page
\`\`\`

\`--slow\` is no setting of the product: \`bench/product/slow.mjs\` is loaded before it with Node's \`--import\` and spins for a millisecond
whenever a handoff is parsed. With it at most a thousand dispatches a second are possible, and G1 to G8 are red on any machine.

## What the rows mean, and what they do not
`;
