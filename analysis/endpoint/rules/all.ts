/** All rules about command lines, in one order that never changes by itself. */
import { CREDENTIAL_RULES } from './credentials.ts';
import { DISCOVERY_RULES } from './discovery.ts';
import { EXECUTION_RULES } from './execution.ts';
import { PERSISTENCE_RULES } from './persistence.ts';
import type { CommandRule } from './rule.ts';
import { STEALTH_RULES } from './stealth.ts';

/** Every rule once. */
export const COMMAND_RULES: readonly CommandRule[] = [
  ...CREDENTIAL_RULES,
  ...PERSISTENCE_RULES,
  ...STEALTH_RULES,
  ...EXECUTION_RULES,
  ...DISCOVERY_RULES,
];
