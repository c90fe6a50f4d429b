/** What Windows starts of its own: a program that intruders misuse is no misuse when the system itself opens it. */
import type { CommandSign } from './classify.ts';
import { fileOf, type ProcessNode } from './process-tree.ts';

/**
 * Whether a sign says no more than the name of a program that raises itself, which the settings of Windows opened or nobody is known to
 * have opened. The key that misuses it, what it starts, and a shell or a program from elsewhere that starts it are signs of their own.
 */
export function isOwnStart({ image, parent_image }: ProcessNode, { rule, text }: CommandSign): boolean {
  return (
    rule === 'command/uac-bypass' &&
    RAISED.test(text) &&
    fileOf(image) === 'fodhelper.exe' &&
    (parent_image === '' || (SYSTEM_PLACE.test(parent_image) && !SHELL.test(fileOf(parent_image))))
  );
}

const RAISED = /^fodhelper$/i;
const SYSTEM_PLACE = /^[a-z]:\\windows\\(?:explorer\.exe$|immersivecontrolpanel\\|sys(?:tem32|wow64)\\)/i;
const SHELL = /^(?:cmd|powershell|pwsh|wscript|cscript|mshta|bash|wsl|rundll32|regsvr32|wmiprvse)\.exe$/i;
