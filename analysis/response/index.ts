/** Response: what to do about what was found, in which order, and what each step costs. */
export { Asset, DOMAIN_CONTROLLER } from './assets.ts';
export { planResponse, PlannedInvestigation, ResponsePlan } from './plan.ts';
