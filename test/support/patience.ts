/** A time limit of a spec, longer on a slow or busy machine: TEST_PATIENCE is the factor, and jest.config.js its default. */
export function patient(milliseconds: number): number {
  return milliseconds * Number(process.env['TEST_PATIENCE'] ?? 1);
}
