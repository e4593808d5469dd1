import { UnsafeNameError } from './errors.js';
import type { Separation } from './types.js';

export type Format = Separation['formats'][number];

const SEPARATIONS = '/v1/separations';
const UPLOADS = '/v1/uploads';

const of = (id: string, path = ''): string => `${SEPARATIONS}/${encodeURIComponent(id)}${path}`;
const stem = (id: string, name: string, file: string): string => of(id, `/stems/${plain(name)}${file}`);

/** @throws UnsafeNameError for a name that could lead elsewhere: callers name files after stems, too */
function plain(name: string): string {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name)) return name;
  throw new UnsafeNameError(name);
}

/** Paths of the API, relative to the server. */
export const paths = {
  separations: SEPARATIONS,
  uploads: UPLOADS,
  /** of an upload that goes on after a break */
  upload: (id: string): string => `${UPLOADS}/${encodeURIComponent(id)}`,
  models: '/v1/models',
  separation: (id: string): string => of(id),
  cancel: (id: string): string => of(id, '/cancel'),
  events: (id: string): string => of(id, '/events'),
  stem: (id: string, name: string, format: Format): string => stem(id, name, `.${plain(format)}`),
  /** of a block of a stem for slow lines */
  lightStem: (id: string, name: string, n: number): string => stem(id, name, `/light/${n}.mp3`),
  lightOriginal: (id: string, n: number): string => of(id, `/original/light/${n}.mp3`),
  preview: (id: string, attempt: string, name: string, n: number): string =>
    of(id, `/preview/${attempt}/${plain(name)}/${n}.flac`),
  /** the decoded song, sample for sample in step with its stems */
  original: (id: string): string => of(id, '/original.flac'),
  mix: (id: string, format: Format): string => of(id, `/mix.${format}`),
  archive: (id: string): string => of(id, '/archive.zip'),
  input: (id: string): string => of(id, '/input'),
  waveform: (id: string): string => of(id, '/waveform'),
  analysis: (id: string): string => of(id, '/analysis'),
} as const;
