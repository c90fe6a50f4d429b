/** Bounded readers: bytes of any origin in, lines, records, files or trees out; nothing grows without a bound that has a name. */
export { BOUNDS, type Bounds } from './bounds.ts';
export { envelopeOf } from './envelope.ts';
export { bothEnds, endsOf, endsOfText, isCut } from './ends.ts';
export { gunzip } from './gzip.ts';
export {
  createRecordReader,
  isDeeper,
  type JsonBounds,
  type JsonRecord,
  type ReadingReceipt,
  type RecordReader,
} from './json.ts';
export { headInside } from './head.ts';
export { AUDIT_LINE, isHostLog, isShellHistory, isW3cLog, SYSLOG_ISO_LINE, SYSLOG_LINE } from './line-shapes.ts';
export { createLineReader, LINE_BYTES_MAX, type Line, type LineReader } from './lines.ts';
export { collect, peek } from './peek.ts';
export { commandLinesOf, numberedCommandsOf } from './script-lines.ts';
export { EVTX_SIGNATURE, SHELL_LINK_SIGNATURE } from './signatures.ts';
export { openSingle, type SingleFile } from './single.ts';
export { readTar } from './tar.ts';
export { tableShapeOf, withTabs } from './table.ts';
export type { TableShape } from './table.ts';
export { withoutEnd } from './trim.ts';
export { decodeText, wideEncodingOf } from './wide.ts';
export { readTsv, type TsvRow } from './tsv.ts';
export { unpack, type UnpackedFile } from './unpack.ts';
export { childrenOf, readXml, type XmlElement } from './xml.ts';
export { readZip, type ZipEntry } from './zip.ts';
