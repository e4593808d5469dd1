import type { StretchLibrary } from '@app/stretch';
import { names, wasmUrl } from 'virtual:stretch-library';
import { call } from '../api/client.js';

/** Signalsmith Stretch, an asset of its own. Its bytes are handed on: an audio worklet cannot fetch them. */
export async function loadStretchLibrary(): Promise<StretchLibrary> {
  const response = await call(wasmUrl);
  return { names, wasm: new Uint8Array(await response.arrayBuffer()) };
}
