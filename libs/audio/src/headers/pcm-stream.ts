/** Uncompressed audio, as the header of its file describes it. */
export interface PcmStream {
  readonly container: 'wav' | 'w64' | 'aiff';
  /** ffmpeg's name for raw samples of this kind, such as `s24le` */
  readonly sampleFormat: string;
  /** bytes of one sample of one channel */
  readonly sampleBytes: number;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** one bit per speaker, in the order of the channels; 0 if the file names none */
  readonly speakers: number;
  /** where the samples are */
  readonly dataOffset: number;
  /** length in the header; undefined if its writer never came back to fill it in */
  readonly dataBytes: number | undefined;
  /** bytes at the low end of each sample that must be zero, or the header does not describe the samples */
  readonly zeroBytes: number;
}

export type SampleKind = Pick<PcmStream, 'sampleFormat' | 'sampleBytes' | 'zeroBytes'>;

/** rounded: AIFF has fractions of a hertz */
const MAX_RATE = 6_000_000;
const MAX_CHANNELS = 1024;

/** Whether a decoder could make sense of it. */
export function isPlausible({ sampleRate, channels }: { sampleRate: number; channels: number }): boolean {
  return sampleRate >= 1 && sampleRate <= MAX_RATE && channels >= 1 && channels <= MAX_CHANNELS;
}

/** Seconds that the header promises. */
export function declaredSeconds(pcm: PcmStream): number | undefined {
  if (pcm.dataBytes === undefined) return undefined;
  return Math.floor(pcm.dataBytes / (pcm.channels * pcm.sampleBytes)) / pcm.sampleRate;
}
