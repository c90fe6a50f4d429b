/** Content that operators bring: which kind it is, whether it is what it should be, and the pack that is made of it. */
export { ContentKind, FILE_KINDS, FilePack, type ContentFile } from './kind.ts';
export { gatherContent, type Gathered, type Gathering } from './gather.ts';
