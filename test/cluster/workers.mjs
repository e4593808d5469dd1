// the pods of workers, for tests on a cluster
import { PlainError } from '../../scripts/support/fail.mjs';
import { until } from '../../scripts/support/until.mjs';

export const WORKERS = 'separation/worker=true';

const TAKEN_MS = 180_000;

/** Returns the pod whose log says it separates the song. Skips the pods in `without`. */
export async function whoHas(cluster, id, without = new Set()) {
  let found;
  const has = async () => {
    for (const { metadata } of await cluster.pods(WORKERS)) {
      if (without.has(metadata.name)) continue;
      const log = await cluster.kubectl('logs', metadata.name).catch(() => '');
      if (log.includes(`${id}] separating`)) found = metadata.name;
    }
    return found !== undefined;
  };
  if (!(await until(has, { timeoutMs: TAKEN_MS }))) throw new PlainError(`no worker took over ${id}`);
  return found;
}

export async function workersReady(cluster, count) {
  const isReady = ({ status }) => status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  const ready = async () => (await cluster.pods(WORKERS)).filter(isReady).length === count;
  if (!(await until(ready, { timeoutMs: TAKEN_MS }))) throw new PlainError(`${count} workers did not become ready`);
}
