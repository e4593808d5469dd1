import type { z } from 'zod';
import type { engine } from './concerns.js';
import { SECRET, type Environment } from './load.js';

/** The environment of the engine's process: ours without secrets, and the engine's settings. */
export function engineEnvironment(
  env: Environment,
  settings: z.output<typeof engine>,
  logLevel: string,
): Readonly<Record<string, string>> {
  const inherited = Object.entries(env).filter(([name]) => !SECRET.test(name));
  return {
    // memory that threads free in arenas of their own would stay with the process: 30 MiB
    MALLOC_ARENA_MAX: '1',
    ...Object.fromEntries(inherited.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    MODELS_DIR: settings.modelsDir,
    ENGINE_CACHE_DIR: settings.cacheDir,
    MODEL: settings.defaultModel,
    DEVICE: settings.device,
    PRECISION: settings.precision,
    ENGINE_BACKEND: settings.backend,
    LOG_LEVEL: logLevel,
  };
}
