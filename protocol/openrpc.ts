/** The OpenRPC document of an agent, made from its skills' schemas (`rpc.discover`, wire.md 2). */
import { z } from 'zod';
import { traitsOf } from './card.ts';
import { ERRORS } from './errors.ts';
import type { SkillSpec } from './skill.ts';

/** OpenRPC 1.3.2, the parts we write. */
export interface OpenRpc {
  openrpc: string;
  info: { title: string; description: string; version: string };
  methods: Record<string, unknown>[];
}

/** Describes an agent's skills. Params are by name; `x-aurora` carries what A2A and OpenRPC have no word for. */
export function openRpcOf(agent: {
  name: string;
  description: string;
  version: string;
  skills: readonly SkillSpec[];
}): OpenRpc {
  return {
    openrpc: '1.3.2',
    info: { title: agent.name, description: agent.description, version: agent.version },
    methods: agent.skills.map(toMethod),
  };
}

/** The JSON Schema of a skill's params. */
export const paramsSchemaOf = (skill: SkillSpec): Record<string, unknown> => toSchema(skill.params, 'input');

function toMethod(skill: SkillSpec): Record<string, unknown> {
  const params = paramsSchemaOf(skill);
  const properties = isRecord(params['properties']) ? params['properties'] : {};
  const required = Array.isArray(params['required']) ? params['required'] : [];
  return {
    name: skill.id,
    summary: skill.title,
    description: skill.description,
    tags: skill.tags.map((name) => ({ name })),
    paramStructure: 'by-name',
    params: Object.entries(properties).map(([name, schema]) => ({ name, required: required.includes(name), schema })),
    result: { name: 'result', schema: toSchema(skill.result, 'output') },
    errors: [-32602, -32603, 4990, 5040].map((code) => ({ code, message: messageOf(code) })),
    ...exampleOf(skill),
    'x-aurora': { ...traitsOf(skill), params_schema: params },
  };
}

function exampleOf(skill: SkillSpec): Record<string, unknown> {
  const [first] = skill.examples ?? [];
  if (!isRecord(first)) return {};
  const params = Object.entries(first).map(([name, value]) => ({ name, value }));
  return { examples: [{ name: `${skill.id}_example`, params }] };
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' });
  return rest;
}

const messageOf = (code: number): string =>
  Object.entries(ERRORS).find(([key]) => Number(key) === code)?.[1] ?? 'Error';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
