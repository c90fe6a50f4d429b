/** The content that speaks about indicators, opened once a run: what is missing is named as a gap. */
import { whyAbsent, type Content } from '../../seams/index.ts';
import { intelOf } from './intel.ts';
import { warningListsOf } from './warninglists.ts';

/** Opened content with its versions, and what could not be asked. */
export type Mounted = ReturnType<typeof openContent>;

/** Opens `intel` and `warninglists`; a pack of another shape is a gap like a missing one. */
export function openContent(content: Content) {
  const gaps: { what: string; why: string; mandatory: boolean }[] = [];
  const versions: Record<string, string> = {};
  const open = <T>(
    name: string,
    what: string,
    mandatory: boolean,
    read: (data: unknown) => T | undefined,
  ): T | undefined => {
    const pack = content.get(name);
    const opened = pack && read(pack.data);
    if (pack) versions[name] = pack.version;
    if (!opened)
      gaps.push({
        what,
        why: pack ? `the mounted content "${name}" has another shape` : whyAbsent(content, name),
        mandatory,
      });
    return opened;
  };
  const intel = open('intel', 'whether anybody vouches for these indicators being hostile', true, intelOf);
  const warnings = open(
    'warninglists',
    'warning lists of known harmless and shared infrastructure',
    false,
    warningListsOf,
  );
  if (warnings && warnings.patterns_left_out > 0) {
    const what = `${warnings.patterns_left_out} patterns of the warning lists`;
    gaps.push({ what, why: 'their evaluation cannot be bounded', mandatory: false });
  }
  return { intel, warnings, gaps, versions };
}
