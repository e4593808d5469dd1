import { patient } from '../patience.js';
import { runTool } from '../../openapi/run-tool.js';

/** Builds dist/client if its sources have changed. */
export async function buildClient(): Promise<void> {
  const script = "import('./scripts/setup/node-packages.mjs').then(({ buildClient }) => buildClient())";
  await runTool(process.execPath, ['-e', script], { cwd: process.cwd(), timeoutMs: patient(120_000) });
}
