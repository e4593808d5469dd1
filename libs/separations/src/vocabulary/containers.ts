/**
 * The containers that a song may come in, by the names of ffmpeg's demuxers. Each holds its own audio: playlists and
 * manifests (hls, concat, dash, sdp) name other files, and every further demuxer is more to attack. That is why films of
 * AVI, FLV and MPEG are left out: AVI opens a second demuxer on subtitles in it.
 * - `label`: for readers
 * - `extension`: of the stored song, whatever its codec
 * - `fileEndings`: what such files are called
 */
export const CONTAINERS = {
  wav: { label: 'WAV', extension: 'wav', contentType: 'audio/wav', fileEndings: ['wav'] },
  w64: { label: 'W64', extension: 'w64', contentType: 'audio/x-w64', fileEndings: ['w64'] },
  aiff: { label: 'AIFF', extension: 'aiff', contentType: 'audio/aiff', fileEndings: ['aiff', 'aif', 'aifc'] },
  mp3: { label: 'MP3', extension: 'mp3', contentType: 'audio/mpeg', fileEndings: ['mp3'] },
  aac: { label: 'AAC', extension: 'aac', contentType: 'audio/aac', fileEndings: ['aac'] },
  flac: { label: 'FLAC', extension: 'flac', contentType: 'audio/flac', fileEndings: ['flac'] },
  ogg: { label: 'Ogg', extension: 'ogg', contentType: 'audio/ogg', fileEndings: ['ogg', 'oga', 'opus'] },
  mov: { label: 'M4A', extension: 'm4a', contentType: 'audio/mp4', fileEndings: ['m4a', 'm4b', 'mp4', 'mov', '3gp'] },
  matroska: {
    label: 'Matroska',
    extension: 'mka',
    contentType: 'audio/x-matroska',
    fileEndings: ['mka', 'mkv', 'webm'],
  },
  asf: { label: 'WMA', extension: 'wma', contentType: 'audio/x-ms-wma', fileEndings: ['wma', 'asf'] },
  caf: { label: 'CAF', extension: 'caf', contentType: 'audio/x-caf', fileEndings: ['caf'] },
  au: { label: 'AU', extension: 'au', contentType: 'audio/basic', fileEndings: ['au'] },
  ac3: { label: 'AC-3', extension: 'ac3', contentType: 'audio/ac3', fileEndings: ['ac3'] },
  eac3: { label: 'E-AC-3', extension: 'eac3', contentType: 'audio/eac3', fileEndings: ['eac3', 'ec3'] },
  dts: { label: 'DTS', extension: 'dts', contentType: 'audio/vnd.dts', fileEndings: ['dts'] },
  wv: { label: 'WavPack', extension: 'wv', contentType: 'audio/x-wavpack', fileEndings: ['wv'] },
  tta: { label: 'TTA', extension: 'tta', contentType: 'audio/x-tta', fileEndings: ['tta'] },
} as const satisfies Record<string, Container>;

interface Container {
  readonly label: string;
  readonly extension: string;
  readonly contentType: string;
  readonly fileEndings: readonly string[];
}

const ALL: readonly Container[] = Object.values(CONTAINERS);

/** Content types by the extension of a stored song, and by the format of a stem. */
export const CONTENT_TYPES: Readonly<Record<string, string>> = Object.fromEntries(
  ALL.map(({ extension, contentType }) => [extension, contentType]),
);

/** Endings of file names that a file picker offers, without the dot. */
export const SONG_FILE_ENDINGS: readonly string[] = ALL.flatMap(({ fileEndings }) => fileEndings);

/** @throws TypeError for a demuxer that we never open */
export function extensionOf(demuxer: string): string {
  const container = new Map<string, Container>(Object.entries(CONTAINERS)).get(demuxer);
  if (container === undefined) throw new TypeError(`no extension for the container ${demuxer}`);
  return container.extension;
}
