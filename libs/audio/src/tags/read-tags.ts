import { displayText, type SongTags } from '@app/separations';
import type { SignalOption } from '../ffmpeg/call-options.js';
import { runFfmpeg } from '../ffmpeg/run-ffmpeg.js';
import { parseLine } from '../decoding/decode-log.js';
import { MAX_MEMORY_BYTES } from '../decoding/run-metered.js';
import { ANY_CONTAINER, fileInput, untrustedInput } from '../sources/ffmpeg-input.js';
import { parseMetadata } from './parse-metadata.js';

/** a header is read at once */
const TIMEOUT_MS = 20_000;
/** of all tags together: what follows is not read */
const MAX_BYTES = 256 * 1024;
/** of a tag, in characters */
const MAX_LENGTH = 200;

/** An image among the streams of a file. The codecs are the only ones that covers are read in. */
const COVER = /^ {2}Stream #0:(\d+)\b.*: Video: (?:mjpeg|png|webp)\b.*\(attached pic\)$/;

export interface FoundTags {
  readonly tags: SongTags;
  /** the stream that holds the cover, counted from 0 */
  readonly coverStream: number | undefined;
}

/** Reads the tags of a song in the scratch folder. @throws ProcessFailedError if ffmpeg cannot read them */
export async function readTags(program: string, path: string, options: SignalOption): Promise<FoundTags> {
  const output: Buffer[] = [];
  let bytes = 0;
  let coverStream: number | undefined;
  const args = [
    ...untrustedInput(fileInput(path), ANY_CONTAINER),
    // one frame: the format wants a stream, and lists its tags too, as Ogg has them there
    ...['-map', '0:a:0', '-frames:a', '1', '-c:a', 'pcm_s16le', '-f', 'ffmetadata', 'pipe:1'],
  ];
  await runFfmpeg(program, args, {
    ...options,
    timeoutMs: TIMEOUT_MS,
    graceMs: 0,
    maxMemoryBytes: MAX_MEMORY_BYTES,
    onStdout: (chunk) => {
      bytes += chunk.length;
      if (bytes <= MAX_BYTES) output.push(chunk);
    },
    onStderrLine: (text) => {
      const [, stream] = COVER.exec(parseLine(text).line) ?? [];
      if (stream !== undefined) coverStream ??= Number(stream);
    },
  });
  const fields = parseMetadata(Buffer.concat(output).toString('utf8'));
  const tags = {
    title: shown(fields.get('title')),
    artist: shown(fields.get('artist') ?? fields.get('album_artist')),
    album: shown(fields.get('album')),
  };
  const found = Object.entries(tags).filter(([, value]) => value !== '');
  return { tags: Object.fromEntries(found), coverStream };
}

function shown(text = ''): string {
  return Array.from(displayText(text)).slice(0, MAX_LENGTH).join('').trim();
}
