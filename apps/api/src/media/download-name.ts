import type { MixRequest } from '@app/audio';
import type { StoredSeparation } from '@app/separation-store';
import type { Format, StemName } from '@app/separations';
import { titleOf } from '../separations/title.js';
import { titleInFileName } from '../uploads/display-name.js';

/** The song's title and the stem's name. */
export function stemFileName(song: StoredSeparation, stem: StemName, format: Format): string {
  return `${songName(song)} (${stem}).${format}`;
}

/** Names how the mix is changed: `Song (mix, 75 %, -2).mp3`. */
export function mixName(song: StoredSeparation, format: Format, { speed, semitones }: MixRequest['change']): string {
  const percent = speed === 1 ? [] : [`${rounded(100 * speed)} %`];
  const pitch = semitones === 0 ? [] : [`${semitones > 0 ? '+' : ''}${rounded(semitones)}`];
  return `${songName(song)} (${['mix', ...percent, ...pitch].join(', ')}).${format}`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function originalName(song: StoredSeparation): string {
  return `${songName(song)} (original).flac`;
}

export function coverName(song: StoredSeparation): string {
  return `${songName(song)} (cover).jpg`;
}

export function archiveName(song: StoredSeparation): string {
  return `${songName(song)} (stems).zip`;
}

function songName(song: StoredSeparation): string {
  return titleInFileName(titleOf(song));
}
