/** The first words of two mesh.v1 peers: versions, identity, capabilities and limits (wire.md 3). */
import { z } from 'zod';

/** The subprotocol name, and the only version so far. */
export const MESH_PROTOCOL = 'mesh.v1';

/** An agent id: kebab-case, the file name and the compose service. */
export const AgentId = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);

/** Goes into a proof, whose parts are joined by NUL: so none may hold one. */
const Provable = z.string().regex(/^[^\0]*$/);

const Introduction = z.object({
  agent: z.object({
    agent_id: Provable.max(80),
    instance_id: Provable.max(64),
    name: z.string().max(256),
    version: z.string().max(64),
    public_key: z.string().max(256).optional().describe('SPKI, base64url: what a first proof is checked against'),
  }),
  capabilities: z
    .object({
      cancel: z.boolean().default(false),
      progress: z.boolean().default(false),
      approvals: z.boolean().default(false),
      resume: z.boolean().default(false),
      batch_max: z.number().int().min(0).max(1024).default(0),
    })
    .prefault({}),
  limits: z
    .object({
      frame_bytes_max: z.number().int().positive().default(4_194_304),
      in_flight_max: z.number().int().positive().default(64),
      depth_max: z.number().int().positive().default(64),
    })
    .prefault({}),
  heartbeat_ms: z.number().int().positive().default(7_000),
  in_flight: z.array(z.string().max(64)).max(1024).default([]),
});

/** Params of `mesh/hello`. Both sides ask it of the other: `challenge` is 32 random bytes, base64url, and the result proves a key. */
export const Hello = Introduction.extend({
  versions: z.array(z.string().max(32)).min(1).max(16),
  challenge: Provable.max(64).optional(),
});
export type Hello = z.infer<typeof Hello>;

/** Result of `mesh/hello`: the same shape about the callee, and its proof. */
export const HelloResult = Introduction.extend({
  version: z.string(),
  connection_id: Provable.max(64),
  server_time: z.string(),
  card_digest: z.string().optional(),
  proof: z.string().max(128).optional(),
});
export type HelloResult = z.infer<typeof HelloResult>;

/** Params of `mesh/goaway`. */
export const Goaway = z.object({
  reason: z.string().max(256).default(''),
  reconnect_after_ms: z.number().int().nonnegative().default(0),
});
export type Goaway = z.infer<typeof Goaway>;
