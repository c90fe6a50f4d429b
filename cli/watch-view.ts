/** What happens while one waits: a small table that redraws itself on a terminal, plain lines everywhere else. */
import { colors } from '../boot/index.ts';
import type { Seen, Watch } from './follow.ts';
import { paintState, safe } from './text.ts';

/** A view; `close` leaves the last picture standing. */
export interface WatchView {
  watch: Watch;
  close(): void;
}

/** Draws on a terminal, writes lines into a pipe; says nothing at all when `quiet`. */
export function createWatchView(out: NodeJS.WriteStream, quiet: boolean): WatchView {
  if (quiet) return { watch: () => undefined, close: () => undefined };
  return out.isTTY ? createTable(out) : { watch: (seen) => void out.write(toLine(seen)), close: () => undefined };
}

/** One event as one line. */
export function toLine({ event, source, status }: Seen): string {
  const who = source ? `${source.agent_id || '…'}/${source.skill}` : 'investigation';
  return `${event.at.slice(11, 23)}  ${safe(who).padEnd(34)} ${describe({ event, source, status })}\n`;
}

interface Row {
  who: string;
  state: string;
  attempt: number;
  last: string;
  started_at: number;
  took_ms: number | undefined;
}

/** One row a task, and the newest thoughts below; redrawn in place. */
function createTable(out: NodeJS.WriteStream): WatchView {
  const rows = new Map<string, Row>();
  const thoughts: string[] = [];
  let drawn = 0;

  const draw = () => {
    const width = Math.max(40, out.columns);
    const lines = [
      ...[...rows.values()].map((row) => toRowText(row)),
      ...thoughts.map((text) => colors.dim(`  · ${text}`)),
    ];
    if (drawn > 0) out.write(`\u001b[${drawn}A\u001b[0J`);
    out.write(lines.map((line) => `${cut(line, width)}\n`).join(''));
    drawn = lines.length;
  };

  return {
    watch({ event, source, status }) {
      if (event.kind === 'thought') {
        thoughts.push(describe({ event, source, status }));
        thoughts.splice(0, thoughts.length - THOUGHTS_SHOWN);
      }
      if (source && (rows.has(source.task_id) || rows.size < ROWS_MAX)) {
        const at = Date.parse(event.at);
        const row = rows.get(source.task_id) ?? newRow(source.skill, at);
        rows.set(source.task_id, row);
        row.who = source.agent_id === '' ? row.who : `${source.agent_id} ${source.skill}`;
        if (status) {
          row.state = status.state;
          row.attempt = status.attempt ?? row.attempt;
          row.last = WHY.get(status.why ?? '') ?? row.last;
          if (status.state !== 'working' && status.state !== 'submitted') row.took_ms = at - row.started_at;
        } else if (event.kind !== 'thought') {
          row.last = describe({ event, source, status });
        }
      }
      draw();
    },
    close: () => undefined,
  };
}

const newRow = (who: string, started_at: number): Row => ({
  who,
  state: 'submitted',
  attempt: 1,
  last: '',
  started_at,
  took_ms: undefined,
});

function toRowText({ who, state, attempt, last, took_ms }: Row): string {
  const tries = attempt > 1 ? colors.yellow(` attempt ${attempt}`) : '';
  const time = took_ms === undefined ? '' : colors.dim(` ${took_ms} ms`);
  return `  ${safe(who).padEnd(36)} ${paintState(state)}${tries}${time}  ${colors.dim(last)}`;
}

function describe({ event, status }: Seen): string {
  if (status) {
    const by = status.instance_id === undefined ? '' : ` on ${status.instance_id}`;
    const attempt = (status.attempt ?? 1) > 1 ? ` attempt ${String(status.attempt)}` : '';
    const why = status.why === undefined ? '' : ` (${WHY.get(status.why) ?? status.why})`;
    return safe(`${status.state}${attempt}${by}${why}`);
  }
  const value: Record<string, unknown> = isRecord(event.value) ? event.value : {};
  if (event.kind === 'tool_call')
    return safe(`${textOf(value['tool'])} ${textOf(value['outcome'])} ${textOf(value['duration_ms'])} ms`);
  if (event.kind === 'gap') return safe(`events ${textOf(value['from'])} to ${textOf(value['to'])} were not kept`);
  return safe(textOf(value['text'] ?? value['name'] ?? ''));
}

/** Cuts what is seen, not what colors it. */
function cut(line: string, width: number): string {
  let seen = 0;
  let end = 0;
  for (const [part] of line.matchAll(/\u001b\[[0-9;]*m|[\s\S]/gu)) {
    if (!part.startsWith('\u001b') && ++seen >= width) return `${line.slice(0, end)}\u001b[0m`;
    end += part.length;
  }
  return line;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Why an attempt was given up, where that is a word and no code. */
const WHY: ReadonlyMap<string, string> = new Map([
  ['link_lost', 'its link was lost'],
  ['revoked', 'its key is no longer pinned'],
]);
/** The newest; older ones are dropped. */
const THOUGHTS_SHOWN = 4;
/** Tasks with a row of their own: an investigation has at most 256. */
const ROWS_MAX = 256;
