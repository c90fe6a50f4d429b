/** Debian's Chromium without a window, for one test file; tests that need it say SKIP loudly where there is none. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';
import { describe } from 'vitest';

const executable = '/usr/bin/chromium';
const present = existsSync(executable);
const required = (process.env['AURORA_REQUIRE'] ?? '').split(',').includes('browser');

/** Groups tests that need a browser. AURORA_REQUIRE=browser turns its absence into a failure. */
export function describeWithBrowser(name: string, tests: () => void): void {
  if (!present && required) throw new Error(`AURORA_REQUIRE=browser, but there is no ${executable}`);
  if (!present) console.error(`SKIP ${name}: no ${executable} (Debian: chromium)`);
  describe.skipIf(!present)(name, tests);
}

/** A browser with a profile of its own, that asks nobody but the pages it is shown. */
export async function openBrowser(): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), 'aurora-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    args: FLAGS,
  });
  return {
    context,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
