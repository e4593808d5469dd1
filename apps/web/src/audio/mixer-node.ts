import type { Command, MixerOptions, Report } from './worklet/protocol.js';
import workletUrl from './worklet/mixer.worklet.ts?worker&url';

/** Browsers allow audio worklets in secure contexts only; over plain HTTP that is localhost. */
class InsecureContextError extends Error {
  readonly code = 'insecure_context';
}

/** The mixer as a node of an audio context, connected to its output. */
export interface MixerNode {
  send(command: Command): void;
  close(): void;
}

/** @throws InsecureContextError */
export async function createMixerNode(
  context: AudioContext,
  options: MixerOptions,
  onReport: (report: Report) => void,
): Promise<MixerNode> {
  if (!('audioWorklet' in context)) throw new InsecureContextError();
  await context.audioWorklet.addModule(workletUrl);
  const node = new AudioWorkletNode(context, 'mixer', {
    numberOfInputs: 0,
    outputChannelCount: [2],
    processorOptions: options,
  });
  node.port.onmessage = ({ data }: MessageEvent<Report>) => {
    onReport(data);
  };
  node.connect(context.destination);
  const send = (command: Command): void => {
    const transfer = command.type === 'segment' ? [command.segment.left.buffer, command.segment.right.buffer] : [];
    node.port.postMessage(command, transfer);
  };
  return {
    send,
    close: () => {
      send({ type: 'close' });
      node.disconnect();
    },
  };
}
