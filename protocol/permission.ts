/** What people and keys may do: permissions, and the roles that hold them (requirements.md P01–P14 and its decision on roles). */
import { z } from 'zod';

/** Reading or changing one kind of thing. `playbooks` can only be read; approvals are decided rather than written. */
export const Permission = z.enum([
  'alerts:read',
  'alerts:write',
  'cases:read',
  'cases:write',
  'siem:read',
  'siem:write',
  'edr:read',
  'edr:write',
  'playbooks:read',
  'soar:read',
  'soar:write',
  'investigations:read',
  'investigations:write',
  'network:read',
  'network:write',
  'agents:read',
  'agents:write',
  'chat:read',
  'chat:write',
  'approvals:read',
  'approvals:decide',
  'system:read',
  'system:write',
]);
export type Permission = z.infer<typeof Permission>;

/** What a route asks of its caller: a permission, or nobody's name (PUB), anybody's (AUTH), or an administrator's (Admin). */
export type Access = Permission | 'PUB' | 'AUTH' | 'Admin';

/** The role of a person. */
export const UserRole = z.enum(['admin', 'analyst', 'operator', 'viewer']);
export type UserRole = z.infer<typeof UserRole>;

/** The role of a caller: a person's, or that of a key, which holds its own scopes and no others. */
export const Role = z.enum([...UserRole.options, 'api_service']);
export type Role = z.infer<typeof Role>;

/** What a role holds. A viewer sees no approvals: what they show is for those who decide or act. */
export function permissionsOf(role: UserRole): readonly Permission[] {
  switch (role) {
    case 'admin':
      return Permission.options;
    case 'analyst':
      return [...READS, ...ANALYST];
    case 'operator':
      return [...READS, 'edr:write', 'soar:write'];
    case 'viewer':
      return READS.filter((permission) => permission !== 'approvals:read');
  }
}

/** Whether a caller gets through a route's door. */
export function admits(
  access: Access,
  caller: { role: Role; permissions: readonly Permission[] } | undefined,
): boolean {
  if (access === 'PUB') return true;
  if (!caller) return false;
  if (access === 'AUTH') return true;
  if (access === 'Admin') return caller.role === 'admin';
  return caller.permissions.includes(access);
}

const READS = Permission.options.filter((permission) => permission.endsWith(':read'));
const ANALYST: readonly Permission[] = [
  'alerts:write',
  'cases:write',
  'siem:write',
  'investigations:write',
  'network:write',
  'chat:write',
  'approvals:decide',
];
