/** The positive control of a hunt: an event that is planted, and the rule that has to find it. */
import { normalizeEvent, type LogEvent } from '../events/index.ts';
import { parseSigma, type SigmaRule } from '../sigma/index.ts';

/** The event; it is of a log of its own, so that it says nothing about which real logs the rules speak about. */
export function controlEvent(): LogEvent {
  const fields = { Image: 'C:\\Windows\\System32\\cmd.exe', CommandLine: 'cmd.exe /c aurora-positive-control' };
  const event = normalizeEvent(fields, 'control', { product: 'aurora-control' });
  if (!event) throw new Error('the control is no event');
  return event;
}

/** The rule, compiled like any other. */
export const CONTROL_RULE: SigmaRule = controlRule();

function controlRule(): SigmaRule {
  const [rule] = parseSigma(`
title: Positive control
id: 5a0e3f52-6d6f-4c1e-9a57-2f1f2c9f7b11
description: Matches the event that every hunt plants to prove that its rules match at all.
level: informational
logsource: {product: aurora-control}
detection:
  selection:
    Image|endswith: '\\cmd.exe'
    CommandLine|contains: aurora-positive-control
  condition: selection
`).rules;
  if (!rule) throw new Error('the control is no rule');
  return rule;
}
