/** The kinds of content there are. */
import { z } from 'zod';

/** A kind of content; a pack of it is asked for under this name. */
export const ContentKind = z.enum([
  'sigma',
  'yara',
  'warninglists',
  'intel',
  'brands',
  'attack-text',
  'lolbas',
  'loldrivers',
  'stix-schemas',
  'networks',
  'attack-profiles',
]);
export type ContentKind = z.infer<typeof ContentKind>;

/** Kinds whose packs are files of text: several packs of one kind are asked for as one. */
export const FILE_KINDS: ReadonlySet<string> = new Set<ContentKind>(['sigma', 'yara']);

/** One file of such a pack. */
export const ContentFile = z.object({ path: z.string(), text: z.string() });
export type ContentFile = z.infer<typeof ContentFile>;

/** What a pack of rules holds. */
export const FilePack = z.object({ files: z.array(ContentFile) });
export type FilePack = z.infer<typeof FilePack>;
