import type { Readable } from 'node:stream';

/** A stored song that can be read in parts. */
export interface SeekableSource {
  readonly bytes: number;
  /** bytes `start` to `end`, both inclusive; the reader reads the stream or destroys it */
  readonly read: (range: { readonly start: number; readonly end: number }) => Promise<Readable>;
}

/** Where a song comes from; a plain stream cannot hold an MP4 whose index lies behind its sound. */
export type AudioSource =
  { readonly stream: Readable } | { readonly path: string } | { readonly seekable: SeekableSource };

/** What a song is, measured by decoding it. */
export interface AudioFacts {
  /** ffmpeg's name of the codec: `mp3`, `aac`, `pcm_s16le` */
  readonly codec: string;
  /** ffmpeg's first name of the container: `mp3`, `mov`, `matroska` */
  readonly container: string;
  /** letters and digits, for the key and the content type of the stored song */
  readonly extension: string;
  /** Hz */
  readonly sampleRate: number;
  readonly channels: number;
  /** decoded length */
  readonly durationSeconds: number;
  /** decoded samples of one channel, at `sampleRate` */
  readonly samples: number;
}

/** What was decoded into the working WAV. */
export interface DecodedSong {
  /** samples of one channel at 44.1 kHz: the length that every stem must have */
  readonly samples: number;
  /** of the song as it was sent, as is `sampleRate` (Hz) and `channels` */
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
  /** the length that the song's container states: more than there is where the song was cut off */
  readonly announcedSeconds: number | undefined;
}
