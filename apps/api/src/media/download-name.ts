import type { Format, StemName, StoredRequest } from '@app/separations';

/** Name of a stem as a download: that of its song, which was made safe when it came in, and the stem's. */
export function stemFileName(request: StoredRequest, stem: StemName, format: Format): string {
  return `${titleOf(request)} (${stem}).${format}`;
}

export function mixName(request: StoredRequest, format: Format): string {
  return `${titleOf(request)} (mix).${format}`;
}

/** of the song as its stems were made of it */
export function originalName(request: StoredRequest): string {
  return `${titleOf(request)} (original).flac`;
}

export function archiveName(request: StoredRequest): string {
  return `${titleOf(request)} (stems).zip`;
}

function titleOf({ fileName }: StoredRequest): string {
  return fileName.replace(/(?<=.)\.[^.]{1,8}$/u, '');
}
