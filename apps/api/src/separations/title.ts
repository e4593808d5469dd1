import type { StoredRequest } from '@app/separations';

/** What a song is called: as its owner says, else as its file. */
export function titleOf({ own, fileName }: Pick<StoredRequest, 'own' | 'fileName'>): string {
  return own?.title ?? fileName.replace(/(?<=.)\.[^.]{1,8}$/u, '');
}
