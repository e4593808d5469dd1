import type { MixRequest } from '@app/audio';
import type { Format, StemName, StoredRequest } from '@app/separations';
import { titleOf } from '../separations/title.js';
import { titleInFileName } from '../uploads/display-name.js';

/** The song's title and the stem's name. */
export function stemFileName(request: StoredRequest, stem: StemName, format: Format): string {
  return `${songName(request)} (${stem}).${format}`;
}

/** Names how the mix is changed: `Song (mix, 75 %, -2).mp3`. */
export function mixName(request: StoredRequest, format: Format, { speed, semitones }: MixRequest['change']): string {
  const percent = speed === 1 ? [] : [`${rounded(100 * speed)} %`];
  const pitch = semitones === 0 ? [] : [`${semitones > 0 ? '+' : ''}${rounded(semitones)}`];
  return `${songName(request)} (${['mix', ...percent, ...pitch].join(', ')}).${format}`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function originalName(request: StoredRequest): string {
  return `${songName(request)} (original).flac`;
}

export function archiveName(request: StoredRequest): string {
  return `${songName(request)} (stems).zip`;
}

function songName(request: StoredRequest): string {
  return titleInFileName(titleOf(request));
}
