import type { MixerOptions } from '../mixing/protocol.js';
import { BufferOutput } from './buffer-output.js';
import type { MixerOutput, OutputListener } from './mixer-output.js';
import { openWorkletOutput } from './worklet-output.js';

/** Browsers allow audio worklets in secure contexts only: over https and on localhost. */
export async function openMixerOutput(
  context: AudioContext,
  options: MixerOptions,
  listener: OutputListener,
): Promise<MixerOutput> {
  return 'audioWorklet' in context
    ? openWorkletOutput(context, options, listener)
    : new BufferOutput(context, options, listener);
}
