/** A song to upload: a `File` of a browser, or what `songFile` of `music-separation-client/node` returns. */
export interface Song {
  readonly name: string;
  /** in bytes */
  readonly size: number;
  stream(): ReadableStream<Uint8Array>;
  /** the rest from this byte on; without it, an upload does not go on after a break */
  slice?(start: number): { stream(): ReadableStream<Uint8Array> };
}

/** A song whose rest can be read from any byte on. */
export type FileSong = Song & Required<Pick<Song, 'slice'>>;

export function isFile(song: Song): song is FileSong {
  return song.slice !== undefined;
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
  /** called with the bytes that were sent so far, of how many */
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}

/** of the form, beside the song */
export type Fields = Readonly<Record<string, string>>;
