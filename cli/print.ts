/** Answers on stdout, the same for all commands: JSON for machines, tables for people. */
import Table from 'cli-table3';
import { toJsonText } from './text.ts';

/** JSON for machines, on stdout alone. */
export const print = (value: unknown): void => void process.stdout.write(`${toJsonText(value)}\n`);

/** Columns without frames: it can be read, cut and grepped. */
export function plainTable(head: string[]) {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
  };
  const chars = {
    ...none,
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  return new Table({ head, chars, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
}
