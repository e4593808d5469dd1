import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCHEMES = ['light', 'dark'] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** Runs axe in light and dark mode. Open the page with `bypassCSP`. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found: string[] = [];
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const all = await page.evaluate<Violation[]>('axe.run().then(({ violations }) => violations)');
    found.push(
      ...all.map(
        ({ id, nodes }) => `${colorScheme}: ${id} ${nodes[0]?.target[0] ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
      ),
    );
  }
  return found;
}
