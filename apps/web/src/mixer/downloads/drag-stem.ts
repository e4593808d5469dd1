import { taggedStemPath } from '../../api/client.js';
import { CONTENT_TYPES, type Format, type SeparationId } from '../../api/contract.js';
import { needsFetch } from './save-file.js';

/** Lets a stem be dropped as a file into a folder or another program, where the browser can (Chromium). */
export function dragStem(
  { dataTransfer }: DragEvent,
  id: SeparationId,
  song: string,
  stem: string,
  format: Format,
): void {
  // a program that fetches the file does not have the access key
  if (dataTransfer === null || needsFetch()) return;
  const url = new URL(taggedStemPath(id, stem, format), location.href).href;
  // a colon separates the parts
  const name = `${song.replace(/\.[^.]{1,8}$/u, '')} (${stem}).${format}`.replace(/[:/\\]/g, '_');
  dataTransfer.effectAllowed = 'copy';
  dataTransfer.setData('DownloadURL', `${CONTENT_TYPES[format] ?? ''}:${name}:${url}`);
  dataTransfer.setData('text/uri-list', url);
}
