/** Says every few minutes which files of tests still run: one that hangs is named, also where somebody else ends the run. */
import type { Reporter, TestModule } from 'vitest/node';

/** It, for `--reporter`. */
export default class StillRunning implements Reporter {
  readonly #begun = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.#timer = setInterval(() => this.#tell(), EVERY_MS);
  }

  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.#begun.set(relativeModuleId, performance.now());
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#begun.delete(relativeModuleId);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    for (const [path, begun] of this.#begun) {
      const ms = performance.now() - begun;
      if (ms >= EVERY_MS) console.log(`still running after ${Math.floor(ms / 60_000)} min: ${path}`);
    }
  }
}

const EVERY_MS = 5 * 60_000;
