import { describe, expect, it } from '@jest/globals';
import { runDrill } from './drill.js';
import { reportOf } from './report.js';

/** with this seed most kinds of faults come up */
const SHORT = { songs: 12, minutes: 0.75, seed: 1, storage: 's3', keep: false } as const;

describe(runDrill.name, () => {
  it('finds no violation in a short run', async () => {
    const result = await runDrill(SHORT);
    if (result.violations.all.length > 0) throw new Error(reportOf(result));
    // faults that hit nothing would show nothing
    expect(result.faults.filter(({ hit }) => hit).length).toBeGreaterThan(result.faults.length / 2);
    expect(result.faults.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
