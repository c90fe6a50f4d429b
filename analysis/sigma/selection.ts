/** One selection of a rule: a map is AND of its lines, a list is OR of its items, plain items are keywords. */
import { compileField, compileKeywords, passes, type FieldContext, type FieldTest } from './field-test.ts';
import { problem } from './problem.ts';
import type { View } from './view.ts';
import type { Node } from './yaml-tree.ts';

/** A compiled selection. */
export type Selection = FieldTest | { kind: 'all' | 'any'; of: readonly Selection[] };

/** Compiles what stands under a selection's name. */
export function compileSelection(node: Node, context: FieldContext): Selection {
  if (node.kind === 'scalar') return compileKeywords([node], node, context);
  if (node.kind === 'map') {
    if (node.entries.length === 0) context.problems.push(problem(node, context.path, 'an empty selection'));
    return {
      kind: 'all',
      of: node.entries.map(({ key, value, ...place }) => compileField(key, value, place, context)),
    };
  }
  if (node.items.length === 0) context.problems.push(problem(node, context.path, 'an empty selection'));
  const keywords = node.items.filter((item) => item.kind === 'scalar');
  const maps = node.items.filter((item) => item.kind === 'map');
  for (const item of node.items) {
    if (item.kind === 'list') context.problems.push(problem(item, context.path, 'a list in a list says nothing'));
  }
  const of = [
    ...(keywords.length > 0 ? [compileKeywords(keywords, node, context)] : []),
    ...maps.map((map) => compileSelection(map, context)),
  ];
  return of.length === 1 && of[0] ? of[0] : { kind: 'any', of };
}

/** Whether the event passes the selection. */
export function selects(selection: Selection, view: View): boolean {
  if (selection.kind === 'field') return passes(selection, view);
  for (const each of selection.of) {
    if (selects(each, view) !== (selection.kind === 'all')) return selection.kind === 'any';
  }
  return selection.kind === 'all';
}

/** Its lines, whatever they are nested in. */
export const fieldTestsOf = (selection: Selection): FieldTest[] =>
  selection.kind === 'field' ? [selection] : selection.of.flatMap(fieldTestsOf);
