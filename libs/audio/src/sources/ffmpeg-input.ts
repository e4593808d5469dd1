/** What ffmpeg reads, and the protocols it may use for that: no playlist can name another file or address. */
export interface FfmpegInput {
  readonly url: string;
  readonly protocols: string;
}

/**
 * The containers that songs come in. Each holds its own sound; playlists and manifests (hls, concat, dash, sdp) and
 * image sequences are left out because they name other files, and rarely sung containers because each is more to attack.
 */
const CONTAINERS = 'wav,w64,aiff,mp3,aac,flac,ogg,mov,matroska,asf';

/** of one allocation of ffmpeg: enough for the covers of an album, not for an image that claims to be a city's map */
const MAX_ALLOCATION_BYTES = 256 * 1024 * 1024;

export const PIPE_INPUT: FfmpegInput = { url: 'pipe:0', protocols: 'pipe' };

export function fileInput(path: string): FfmpegInput {
  return { url: `file:${path}`, protocols: 'file' };
}

/** An object that is served on the loopback address only. */
export function loopbackInput(url: string): FfmpegInput {
  return { url, protocols: 'http,tcp' };
}

/** Arguments before everything else: one untrusted input, and of it only the first stream of sound. */
export function untrustedInput(input: FfmpegInput): string[] {
  return [
    ...GLOBAL_ARGUMENTS,
    ...['-protocol_whitelist', input.protocols],
    ...['-format_whitelist', CONTAINERS],
    ...['-max_alloc', String(MAX_ALLOCATION_BYTES)],
    ...['-threads', '1'],
    // covers, videos, subtitles and data are dropped as they are read
    ...['-vn', '-sn', '-dn'],
    ...['-i', input.url],
  ];
}

/** Arguments for an input that we wrote ourselves. */
export function ownInput(input: FfmpegInput, container: 'wav' | 'flac'): string[] {
  return [...GLOBAL_ARGUMENTS, ...ownArguments(input, container)];
}

/** Arguments for several masters. */
export function masterInputs(inputs: readonly FfmpegInput[]): string[] {
  return [...GLOBAL_ARGUMENTS, ...inputs.flatMap((input) => ownArguments(input, 'flac'))];
}

function ownArguments({ protocols, url }: FfmpegInput, container: 'wav' | 'flac'): string[] {
  // a WAV says in its first bytes what it is: with the default of 5 MB a stem that grows slowly would not begin
  const probe = container === 'wav' ? ['-probesize', '4096'] : [];
  return ['-protocol_whitelist', protocols, '-threads', '1', ...probe, '-f', container, '-i', url];
}

const GLOBAL_ARGUMENTS = ['-nostdin', '-hide_banner', '-nostats', '-filter_threads', '1', '-y'];
