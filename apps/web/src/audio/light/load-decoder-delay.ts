import { call } from '../../api/client.js';
import type { Decode } from '../sources/flac-source.js';
import { measureDecoderDelay } from './decoder-delay.js';
import probeUrl from './probe.mp3?url';

let measured: Promise<number> | undefined;

/** Samples by which the browser decodes an MP3 late. Measured once, when it is first needed. */
export function loadDecoderDelay(decode: Decode): Promise<number> {
  measured ??= measure(decode).catch((error: unknown) => {
    // not kept: the server may only have been busy
    measured = undefined;
    throw error;
  });
  return measured;
}

async function measure(decode: Decode): Promise<number> {
  const response = await call(probeUrl);
  return measureDecoderDelay(await response.arrayBuffer(), decode);
}
