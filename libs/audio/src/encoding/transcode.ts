import { PassThrough, Readable } from 'node:stream';
import type { Programs, SignalOption } from '../ffmpeg/call-options.js';
import { ENCODING_TIMEOUT_MS, encodingArguments, rawSampleArguments } from './encode-arguments.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { ownInput, PIPE_INPUT } from '../sources/ffmpeg-input.js';
import { withTemporaryFile } from '../sources/temporary-file.js';
import { STEM_FRAME_BYTES, stemWavHeader } from '../wav/stem-wav-header.js';

/** A stored FLAC master, opened for reading. */
export interface Master {
  readonly stream: Readable;
  /** per channel, from the manifest */
  readonly samples: number;
}

/** Encodes an MP3 into a temporary file: the encoder seeks back to write the length into the first frame. */
export function transcodeToMp3<T>(
  { program, scratchDir }: Programs,
  master: Master,
  use: (encoded: Readable) => Promise<T>,
  options: SignalOption,
): Promise<T> {
  return withTemporaryFile(scratchDir, async (file) => {
    const args = [...ownInput(PIPE_INPUT, 'flac'), ...encodingArguments('mp3', 'file:/dev/stdout')];
    await runFfmpeg(program, args, {
      ...options,
      stdin: master.stream,
      stdout: file.fd,
      timeoutMs: ENCODING_TIMEOUT_MS,
    });
    return use(file.createReadStream({ start: 0, autoClose: false }));
  });
}

/** Streams a WAV without a temporary file: its length is known in advance. */
export function transcodeToWav<T>(
  { program }: Programs,
  master: Master,
  use: (encoded: Readable) => Promise<T>,
  options: SignalOption,
): Promise<T> {
  return use(Readable.from(wavBytes(program, master, options), { objectMode: false }));
}

async function* wavBytes(program: string, master: Master, options: SignalOption): AsyncGenerator<Buffer> {
  const unread = new AbortController();
  const signal = AbortSignal.any([unread.signal, ...(options.signal ? [options.signal] : [])]);
  const samples = new PassThrough();
  const args = [...ownInput(PIPE_INPUT, 'flac'), ...rawSampleArguments('pipe:1')];
  const run = runFfmpeg(program, args, {
    signal,
    stdin: master.stream,
    stdout: samples,
    timeoutMs: ENCODING_TIMEOUT_MS,
  });
  run.catch((error: unknown) => samples.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    yield stemWavHeader(master.samples);
    let bytes = 0;
    try {
      for await (const chunk of samples) {
        bytes += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      // whatever ends the run aborts the samples first: only the run knows the cause
      await run;
      throw error;
    }
    await run;
    const decoded = bytes / STEM_FRAME_BYTES;
    if (decoded !== master.samples) {
      throw new Error(`the master has ${decoded} samples instead of the ${master.samples} in its manifest`);
    }
  } finally {
    unread.abort();
    await run.catch(() => undefined);
  }
}
