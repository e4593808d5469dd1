import type { Format, StemName, StoredRequest } from '@app/separations';

/** The song's file name, which was sanitized at upload, and the stem's name. */
export function stemFileName(request: StoredRequest, stem: StemName, format: Format): string {
  return `${titleOf(request)} (${stem}).${format}`;
}

export function mixName(request: StoredRequest, format: Format): string {
  return `${titleOf(request)} (mix).${format}`;
}

export function originalName(request: StoredRequest): string {
  return `${titleOf(request)} (original).flac`;
}

export function archiveName(request: StoredRequest): string {
  return `${titleOf(request)} (stems).zip`;
}

function titleOf({ fileName }: StoredRequest): string {
  return fileName.replace(/(?<=.)\.[^.]{1,8}$/u, '');
}
