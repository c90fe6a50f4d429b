/** What Defender says by itself: what it found, what it did about it, and that it was switched off. */
import type { Severity } from '../../protocol/index.ts';
import type { EventSignal, Read } from './signals.ts';

/** What a detection says, with the name that Defender gives it. */
const found = (did: string, floor: Severity): Read => {
  return (text) => {
    const threat = text('Threat Name') || text('ThreatName') || 'something without a name';
    const graded = text('Severity Name') || text('SeverityName');
    const path = text('Path') || text('Process Name');
    return {
      rule: 'event/defender-detection',
      title: `Defender ${did} ${threat.slice(0, NAME_CHARS_MAX)}`,
      technique: undefined,
      severity: GRAVE_NAME.test(threat) || /^(?:severe|high)$/i.test(graded) ? 'high' : floor,
      subject: `${threat} ${path}`.toLowerCase(),
      text: [threat, graded, path, text('Action Name')].filter((part) => part !== '').join(' · '),
    };
  };
};

const off = (what: string, severity: Severity): Read => {
  return (text) => ({
    rule: 'event/defender-off',
    title: `Defender says that ${what}`,
    technique: 'T1685',
    severity,
    subject: what,
    text: [what, text('Feature Name'), text('New Value')].filter((part) => part !== '').join(' · '),
  });
};

/** A changed setting matters where it switches something off or leaves something out. */
const setting: Read = (text): EventSignal | undefined => {
  const value = text('New Value');
  if (!/\\Exclusions\\|\\Disable\w{1,60} = 0x0*1$|TamperProtection = 0x0*[04]$/i.test(value)) return undefined;
  return off(`a setting now spares something: ${value.slice(0, NAME_CHARS_MAX)}`, 'medium')(text);
};

/** Events of its operational log that are judged, by their number. */
export const DEFENDER: Readonly<Record<string, Read>> = {
  '1006': found('found', 'medium'),
  '1007': found('acted against', 'medium'),
  '1008': found('could not act against', 'high'),
  '1015': found('saw suspicious behaviour of', 'medium'),
  '1116': found('found', 'medium'),
  '1117': found('acted against', 'medium'),
  '1118': found('could not act against', 'high'),
  '1119': found('could not act against', 'high'),
  '5001': off('its real-time protection was switched off', 'high'),
  '5007': setting,
  '5010': off('its scanning for malware was switched off', 'high'),
  '5012': off('its scanning for viruses was switched off', 'high'),
  '5013': off('a change of its protected settings was refused', 'medium'),
};

/** Kinds of names that Microsoft gives to what an intruder brings. */
const GRAVE_NAME =
  /^(?:HackTool|Backdoor|Trojan\w{0,20}|Ransom|Exploit|PWS|Behavior|VirTool|Worm|Virus|SupportScam|Rogue)\b/i;
const NAME_CHARS_MAX = 160;
