import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Compiled models, shared by all specs: compiling one takes longer than most of them. */
export const ENGINE_CACHE = join(tmpdir(), 'separation-engine-cache');
