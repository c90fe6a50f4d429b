/** Every line of the table: what is measured, what it must reach, and what it says and does not say. */
import { GOALS_MESH } from './goals-mesh.ts';
import { GOALS_MORE } from './goals-more.ts';

/** One figure, and the three marks it is held against. */
export interface Goal {
  /** `G5a`; the row is `G5`. Rows without a mark are told, not judged. */
  id: string;
  title: string;
  /** Which way is better. */
  better: 'more' | 'less';
  unit: string;
  floor?: number;
  target?: number;
  stretch?: number;
  /** What a reader may conclude. */
  means: string;
  /** What not. */
  but: string;
}

/** All lines, in the order of the table. */
export const GOALS: readonly Goal[] = [...GOALS_MESH, ...GOALS_MORE];

/** `G5` of `G5a`; names of rows stay. */
export const rowOf = (id: string): string => /^G\d+/.exec(id)?.[0] ?? id;

/** All rows, in order. */
export const ROWS: readonly string[] = [...new Set(GOALS.map(({ id }) => rowOf(id)))];
