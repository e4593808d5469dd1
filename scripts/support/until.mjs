const EVERY_MS = 100;

/**
 * Polls until the condition holds.
 * @param {() => Promise<boolean>} condition
 * @param {{ timeoutMs: number, unless?: Promise<unknown> }} options unless: gives up when this resolves
 * @returns {Promise<boolean>} false after the time-out
 */
export async function until(condition, { timeoutMs, unless }) {
  const deadline = Date.now() + timeoutMs;
  let given = false;
  void unless?.then(() => (given = true));
  while (!given && Date.now() < deadline) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return false;
}
