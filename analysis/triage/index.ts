/** Triage: what one alert is worth, which alerts are one incident, and which say the same twice. */
export { ALERTS_MAX, TriagedAlert } from './alert.ts';
export { correlateAlerts, Incident } from './correlate.ts';
export { deduplicateAlerts, AlertGroup } from './deduplicate.ts';
export { triageAlert, NextStep, Priority } from './triage.ts';
