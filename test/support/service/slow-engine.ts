/**
 * Environment of an engine that sleeps before each forward, one for every 6 s of a song and pass: a short song stays in
 * work for seconds, and takes less of the CPU than a long one.
 */
export function slowEngine(seconds: number): { readonly ENGINE_FAULT: string } {
  return { ENGINE_FAULT: `slow:${seconds}` };
}
