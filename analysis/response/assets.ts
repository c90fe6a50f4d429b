/** What is known of the assets that steps are aimed at: which of them only a person decides about. */
import { z } from 'zod';

/** One asset as its owner describes it. */
export const Asset = z.object({
  name: z.string().min(1).max(255).describe('as findings and recommendations name it'),
  criticality: z.enum(['low', 'normal', 'high', 'critical']).default('normal'),
  is_protected: z.boolean().default(false).describe('nothing may ever act on it by itself'),
  is_ot: z.boolean().default(false).describe('it steers a process: stopping it may be dangerous'),
  dependents: z.number().int().nonnegative().max(1_000_000).default(0).describe('systems that stop with it'),
});
export type Asset = z.infer<typeof Asset>;

/** The assets by name. */
export interface Assets {
  /** Those that targets name. */
  named(targets: readonly string[]): Asset[];
  /** The one whose name a host has, or which it lies below: whole names only, else `mail.evil.example` were our own `mail`. */
  owning(host: string): Asset | undefined;
  /** Why a person has to decide about targets, empty when nothing known says so. */
  whyPerson(targets: readonly string[]): string[];
}

/** Makes them; names are compared without regard to case, and also without their domain where one side leaves it out. */
export function createAssets(given: readonly Asset[]): Assets {
  const by_name = new Map(given.map((asset) => [asset.name.toLowerCase(), asset]));
  const by_short = new Map(given.map((asset) => [shortOf(asset.name), asset]));
  return { named, owning, whyPerson };

  function named(targets: readonly string[]): Asset[] {
    const found = targets.flatMap((each) => {
      const name = each.toLowerCase();
      const short = shortOf(name);
      // Two names with domains are the same only as a whole.
      const near = by_name.get(short) ?? (name === short ? by_short.get(short) : undefined);
      return by_name.get(name) ?? near ?? [];
    });
    return [...new Set(found)];
  }

  function owning(host: string): Asset | undefined {
    const labels = host.toLowerCase().split('.');
    const above = labels
      .map((_, nth) => labels.slice(nth).join('.'))
      .filter((name, nth) => nth === 0 || name.includes('.'));
    return above.map((name) => by_name.get(name)).find((asset) => asset !== undefined);
  }

  function whyPerson(targets: readonly string[]): string[] {
    const why = named(targets).flatMap(({ name, is_protected, is_ot, criticality }) => [
      ...(is_protected ? [`${name} is protected`] : []),
      ...(is_ot ? [`${name} steers a process`] : []),
      ...(criticality === 'critical' ? [`${name} is critical`] : []),
    ]);
    const controllers = targets.filter((each) => DOMAIN_CONTROLLER.test(each));
    return [...why, ...controllers.map((name) => `${name} is a domain controller by its name`)];
  }
}

/** Addresses have no domain to leave out. */
const shortOf = (name: string): string => (/^[\d.:]+$/.test(name) ? name : (name.toLowerCase().split('.', 1)[0] ?? ''));

/** By its name only: a directory of assets would know better. */
export const DOMAIN_CONTROLLER = /^(?:[a-z0-9]+-)?(?:p?dc|bdc|ad)\d{0,3}(?:[.-]|$)/i;
