/** The rule pack of the cases, compiled once for all folders that are measured with it, and why an answer may rightly differ. */
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEvent } from '../analysis/events/index.ts';
import { unpack, collect } from '../analysis/readers/index.ts';
import { compileRuleset, type Ruleset, type SigmaRule } from '../analysis/sigma/index.ts';

/** The compiled pack that lies in the folder `sigma`, or undefined when there is none. */
export function packIn(sigma_dir: string): Promise<Ruleset> | undefined {
  const path = join(sigma_dir, 'sigma-rules.tar.gz');
  if (!existsSync(path)) return undefined;
  const known = PACKS.get(path) ?? compile(path);
  PACKS.set(path, known);
  return known;
}

async function compile(path: string): Promise<Ruleset> {
  const files: { path: string; text: string }[] = [];
  for await (const { name, bytes } of unpack({ name: 'pack', bytes: createReadStream(path) })) {
    if (name.endsWith('.yml'))
      files.push({ path: name, text: (await collect(bytes, FILE_BYTES_MAX)).toString('utf8') });
  }
  return compileRuleset(
    files.sort((left, right) => (left.path < right.path ? -1 : 1)),
    'the pack of the cases',
  );
}

/**
 * Why our answer differs from that of the second implementation, when it is for a reason we stand by; undefined is unexplained.
 * Each reason is a decision about how events are read, told with it.
 */
export function reasonToDiffer(rule: SigmaRule | undefined, event: LogEvent | undefined): string | undefined {
  if (event === undefined) return 'the answer counts an event that is not in the file';
  const { channel = '', event_id } = event.origin;
  if (event_id === '5156' && rule?.logsource.category === 'network_connection') {
    return 'Security 5156 is a network connection as well as Sysmon 3';
  }
  if (event_id === '4688' && rule?.logsource.category === 'process_creation') {
    return 'Security 4688 says integrity level and user in other words';
  }
  if (channel !== '' && channel === channel.toLowerCase()) return 'the channel is written in small letters';
  if (channel.includes('Windows Defender')) return 'Defender writes names with spaces';
  if (rule?.logsource.service === 'msexchange-management') return 'the channel of Exchange is known to us';
  const type = event.fields.get('Type');
  if (typeof type === 'string' && IN_TEXT.has(type)) return 'the event data stand inside a text';
  return undefined;
}

const PACKS = new Map<string, Promise<Ruleset>>();
const IN_TEXT = new Set(['WindowsEvent', 'SecurityEvent', 'Syslog']);
const FILE_BYTES_MAX = 1_048_576;
