import { PassThrough, Readable } from 'node:stream';
import { runProcess } from '@app/processes';
import { ENCODING_TIMEOUT_MS, encodingArguments, rawSampleArguments } from './encoding.js';
import { ownInput, PIPE_INPUT } from '../sources/ffmpeg-input.js';
import type { SignalOption } from '../call-options.js';
import { withNamelessFile } from '../sources/nameless-file.js';
import { FRAME_BYTES, stemWavHeader } from '../wav/stem-wav-header.js';

/** A stored master as it is read from the store. */
export interface Master {
  readonly stream: Readable;
  /** of one channel, from the manifest */
  readonly samples: number;
}

/** Encodes an mp3 into a temporary file: its first frame holds its length, so it must be one that can be rewound. */
export function transcodeToMp3<T>(
  program: string,
  master: Master,
  use: (encoded: Readable) => Promise<T>,
  options: SignalOption,
): Promise<T> {
  return withNamelessFile(async (file) => {
    const args = [...ownInput(PIPE_INPUT, 'flac'), ...encodingArguments('mp3', 'file:/dev/stdout')];
    await runProcess(program, args, {
      ...options,
      stdin: master.stream,
      stdout: file.fd,
      timeoutMs: ENCODING_TIMEOUT_MS,
    });
    return use(file.createReadStream({ start: 0, autoClose: false }));
  });
}

/** Streams a wav: its length is known before, so nothing of it is kept. */
export function transcodeToWav<T>(
  program: string,
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
  const run = runProcess(program, args, {
    signal,
    stdin: master.stream,
    stdout: samples,
    timeoutMs: ENCODING_TIMEOUT_MS,
  });
  run.catch((error: unknown) => samples.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    yield stemWavHeader(master.samples);
    let bytes = 0;
    for await (const chunk of samples) {
      bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    await run;
    if (bytes !== master.samples * FRAME_BYTES)
      throw new Error(`the master has not the ${master.samples} samples of its manifest`);
  } finally {
    unread.abort();
    await run.catch(() => undefined);
  }
}
