import type { StoredSeparation } from '@app/separation-store';

/** What a song is called: as its owner says, else as its own tags do, else as its file. */
export function titleOf({ request: { own, fileName }, manifest }: StoredSeparation): string {
  return own?.title ?? manifest?.input.tags?.title ?? fileName.replace(/(?<=.)\.[^.]{1,8}$/u, '');
}
