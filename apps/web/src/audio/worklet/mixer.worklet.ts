// runs in the audio thread
import type { Command, MixerOptions } from './protocol.js';
import { Mixer } from './mixer.js';

interface ProcessorOptions {
  readonly processorOptions: MixerOptions;
}

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  abstract process(inputs: readonly unknown[], outputs: readonly (readonly Float32Array[])[]): boolean;
}

declare function registerProcessor(
  name: string,
  processor: new (options: ProcessorOptions) => AudioWorkletProcessor,
): void;

class MixerProcessor extends AudioWorkletProcessor {
  private readonly mixer: Mixer;
  private closed = false;

  constructor({ processorOptions }: ProcessorOptions) {
    super();
    this.mixer = new Mixer(processorOptions, (report) => {
      this.port.postMessage(report);
    });
    this.port.onmessage = ({ data }: MessageEvent<Command>) => {
      this.closed ||= data.type === 'close';
      this.mixer.execute(data);
    };
  }

  process(_inputs: readonly unknown[], [output]: readonly (readonly Float32Array[])[]): boolean {
    const [left, right] = output ?? [];
    if (left !== undefined && right !== undefined) this.mixer.render(left, right);
    return !this.closed;
  }
}

registerProcessor('mixer', MixerProcessor);
