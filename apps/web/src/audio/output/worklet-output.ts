import type { MixerOptions, Report } from '../mixing/protocol.js';
import { transferOf, type WorkletMessage } from './messages.js';
import type { MixerOutput, OutputListener } from './mixer-output.js';
import workletUrl from './mixer.worklet.ts?worker&url';

/** Mixes in the audio thread. */
export async function openWorkletOutput(
  context: AudioContext,
  options: MixerOptions,
  listener: OutputListener,
): Promise<MixerOutput> {
  await context.audioWorklet.addModule(workletUrl);
  const node = new AudioWorkletNode(context, 'mixer', {
    numberOfInputs: 0,
    outputChannelCount: [2],
    processorOptions: options,
  });
  node.port.onmessage = ({ data }: MessageEvent<Report>) => {
    listener.reported(data);
  };
  node.onprocessorerror = () => {
    listener.failed(new Error('the mixer failed in the audio thread'));
  };
  node.connect(context.destination);
  return {
    send: (command) => {
      node.port.postMessage(command, transferOf(command));
    },
    close: () => {
      // the browser keeps the node of a closed context, and would keep the page's mixer with it
      node.port.onmessage = null;
      node.onprocessorerror = null;
      node.port.postMessage({ type: 'close' } satisfies WorkletMessage);
      node.disconnect();
    },
  };
}
