/** How grave what a command line does is, by its technique: the same act is an intruder's or an administrator's. */
import { SEVERITY_ORDER, type Severity } from '../../protocol/index.ts';
import type { CommandSign } from './classify.ts';

/** The severity of one sign in a process that really ran. */
export function severityOf({ technique, strength, severity }: GravedSign): Severity {
  if (severity !== undefined) return severity;
  if (isDiscovery(technique)) return strength === 1 ? 'info' : 'low';
  const grave = GRAVE.find(([pattern]) => pattern.test(technique))?.[1] ?? 'medium';
  if (strength === 3) return grave;
  return strength === 2 ? LOWER[grave] : 'info';
}

/** Whether administrators do it as well: its severity comes from its technique, and is not grave. */
export const isEverydayAct = (sign: GravedSign): boolean =>
  sign.severity === undefined && SEVERITY_ORDER.indexOf(severityOf(sign)) <= GRAVE_FROM;

/** The sign that a command line is accused of: the deciding one, unless another is grave and graver. */
export function accusingOf(signs: readonly CommandSign[]): CommandSign | undefined {
  const [deciding] = signs;
  if (!deciding) return undefined;
  return signs.reduce((gravest, sign) => {
    const rank = SEVERITY_ORDER.indexOf(severityOf(sign));
    return rank >= GRAVE_FROM && isGraver(sign, gravest) ? sign : gravest;
  }, deciding);
}

/** Whether one sign says more than another: by its severity; among equals, one that is grave by itself. */
export function isGraver(sign: GravedSign, other: GravedSign): boolean {
  const beyond = SEVERITY_ORDER.indexOf(severityOf(sign)) - SEVERITY_ORDER.indexOf(severityOf(other));
  return beyond > 0 || (beyond === 0 && sign.severity !== undefined && other.severity === undefined);
}

type GravedSign = Pick<CommandSign, 'technique' | 'strength' | 'severity'>;

/** Techniques that only ask: each alone is an administrator's, many in a row are not. */
export const isDiscovery = (technique: string): boolean => DISCOVERY.test(technique);

const GRAVE_FROM = SEVERITY_ORDER.indexOf('medium');
const LOWER: Readonly<Record<Severity, Severity>> = {
  critical: 'high',
  high: 'medium',
  medium: 'low',
  low: 'info',
  info: 'info',
};
const DISCOVERY =
  /^T(?:1007|1010|1012|1016|1018|1033|1046|1049|1057|1069|1082|1083|1087|1120|1124|1135|1201|1217|1482|1497|1518|1526|1580|1613|1614|1615|1619|1652|1654)\b/;
const GRAVE: readonly (readonly [RegExp, Severity])[] = [
  [/^T1003\.00[136]|^T1486|^T1490|^T1207/, 'critical'],
  [
    /^T1003|^T1055|^T1134|^T1548\.002|^T1550|^T1558|^T1685|^T1688|^T1014|^T1546\.(?:003|008|012|015)|^T1547\.(?:002|005|008)|^T1556|^T1557|^T1068|^T1218\.(?:005|010)|^T1220|^T1505\.003|^T1606|^T1611|^T1485|^T1555|^T1110/,
    'high',
  ],
  [
    /^T1053|^T1070\.004|^T1078|^T1098(?!\.007)|^T1112|^T1222|^T1218\.0(?:07|11|14)|^T1489|^T1529|^T1543|^T1560|^T1564\.00[14]|^T1569|^T1574\.009|^T1021\.00[14]|^T1072|^T1219|^T1609|^T1610|^T1612|^T1071|^T1571|^T1047|^T1553\.004|^T1547\.00[69]|^T1546\.004/,
    'low',
  ],
];
