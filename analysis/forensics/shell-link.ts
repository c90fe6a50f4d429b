/** Windows shell links ([MS-SHLLINK]): what a shortcut starts, with which arguments, and on which machine it was made. */
import { z } from 'zod';
import { SHELL_LINK_SIGNATURE } from '../readers/index.ts';
import { fieldsOf, Malformed, type Fields } from './fields.ts';

/** What a link says; absent parts are absent. */
export const ShellLink = z.object({
  created_at: z.string().nullable(),
  modified_at: z.string().nullable(),
  accessed_at: z.string().nullable(),
  file_size: z.number().int(),
  description: z.string().optional(),
  relative_path: z.string().optional(),
  working_directory: z.string().optional(),
  arguments: z.string().optional(),
  icon_location: z.string().optional(),
  local_path: z.string().optional(),
  network_path: z.string().optional(),
  environment_path: z.string().optional(),
  drive_type: z.string().optional(),
  drive_serial: z.string().optional(),
  volume_label: z.string().optional(),
  machine: z.string().optional(),
  droid_volume: z.string().optional(),
  droid_file: z.string().optional(),
  birth_droid_volume: z.string().optional(),
  birth_droid_file: z.string().optional(),
  is_minimized: z.boolean(),
});
export type ShellLink = z.infer<typeof ShellLink>;

/** Whether bytes begin like one. */
export const isShellLink = (head: Buffer): boolean =>
  head.subarray(0, SHELL_LINK_SIGNATURE.length).equals(SHELL_LINK_SIGNATURE);

/** Reads one; what is damaged past the header is added to `damage`. Throws `Malformed` when the header cannot be read. */
export function parseShellLink(bytes: Uint8Array, damage: string[]): ShellLink {
  const link = fieldsOf(bytes);
  if (!isShellLink(link.bytes(0, SHELL_LINK_SIGNATURE.length))) throw new Malformed('it has no link signature');
  const flags = link.u32(0x14);
  const head = {
    created_at: link.time(0x1c),
    accessed_at: link.time(0x24),
    modified_at: link.time(0x2c),
    file_size: link.u32(0x34),
    is_minimized: link.u32(0x3c) === SHOW_MINIMIZED,
  };
  const rest: Partial<ShellLink> = {};
  try {
    readRest(link, flags, rest);
  } catch (reason) {
    if (!(reason instanceof Malformed)) throw reason;
    damage.push(`it cannot be read to its end: ${reason.message}`);
  }
  return { ...head, ...rest };
}

/** The parts follow each other; each that was read stays when a later one is damaged. */
function readRest(link: Fields, flags: number, into: Partial<ShellLink>): void {
  let at = 0x4c;
  if (flags & HAS_TARGET_IDS) at += 2 + link.u16(at);
  if (flags & HAS_LINK_INFO) {
    const size = link.u32(at);
    Object.assign(into, readLinkInfo(link.part(at, size)));
    at += size;
  }
  for (const [flag, name] of STRINGS) {
    if (!(flags & flag)) continue;
    const length = link.u16(at);
    into[name] = flags & IS_UNICODE ? link.utf16(at + 2, length) : link.latin1(at + 2, length);
    at += 2 + length * (flags & IS_UNICODE ? 2 : 1);
  }
  while (at + 4 <= link.length) {
    const size = link.u32(at);
    if (size < 8) return;
    readBlock(link.part(at, size), into);
    at += size;
  }
}

function readLinkInfo(info: Fields): Partial<ShellLink> {
  const found: Partial<ShellLink> = {};
  const has_unicode = info.u32(4) >= 0x24;
  const text = (at: number, unicode_at: number): string => {
    const wide = has_unicode ? info.u32(unicode_at) : 0;
    if (wide > 0) return info.utf16(wide, Math.floor((info.length - wide) / 2));
    const narrow = info.u32(at);
    return narrow > 0 ? info.latin1(narrow, info.length - narrow) : '';
  };
  const suffix = text(0x18, 0x20);
  if (info.u32(8) & 1) {
    const volume = info.part(info.u32(0x0c), info.u32(info.u32(0x0c)));
    found.drive_type = DRIVES[volume.u32(4)] ?? 'unknown';
    found.drive_serial = `0x${volume.u32(8).toString(16).padStart(8, '0')}`;
    const label_at = volume.u32(0x0c);
    found.volume_label =
      label_at === 0x14
        ? volume.utf16(volume.u32(0x10), Math.floor((volume.length - volume.u32(0x10)) / 2))
        : volume.latin1(label_at, volume.length - label_at);
    found.local_path = `${text(0x10, 0x1c)}${suffix}`;
  }
  if (info.u32(8) & 2) {
    const share = info.part(info.u32(0x14), info.u32(info.u32(0x14)));
    const name = share.latin1(share.u32(8), share.length - share.u32(8));
    found.network_path = suffix === '' ? name : `${name}\\${suffix}`;
  }
  return found;
}

function readBlock(block: Fields, into: Partial<ShellLink>): void {
  switch (block.u32(4)) {
    case 0xa0000001:
      into.environment_path = block.utf16(268, 260) || block.latin1(8, 260);
      return;
    case 0xa0000003:
      into.machine = block.latin1(16, 16);
      into.droid_volume = block.guid(32);
      into.droid_file = block.guid(48);
      into.birth_droid_volume = block.guid(64);
      into.birth_droid_file = block.guid(80);
  }
}

const HAS_TARGET_IDS = 1;
const HAS_LINK_INFO = 2;
const IS_UNICODE = 0x80;
const SHOW_MINIMIZED = 7;
const STRINGS = [
  [0x04, 'description'],
  [0x08, 'relative_path'],
  [0x10, 'working_directory'],
  [0x20, 'arguments'],
  [0x40, 'icon_location'],
] as const;
const DRIVES = ['unknown', 'no root', 'removable', 'fixed', 'remote', 'optical', 'memory'];
