import type { Format } from './formats.js';
import type { StemName } from './stems.js';
import type { SeparationId } from './separation-id.js';

/** The key of each object in the store. */
export const objectKeys = {
  stagingPrefix: 'staging/',
  separationsPrefix: 'separations/',
  staging: (uuid: string): string => `staging/${uuid}`,
  /** resumable uploads that were not used yet, a folder for each */
  uploadsPrefix: 'staging/uploads/',
  upload: (id: string): string => `staging/uploads/${id}/`,
  uploadInfo: (id: string): string => `staging/uploads/${id}/info.json`,
  uploadPieces: (id: string): string => `staging/uploads/${id}/pieces/`,
  /** Keys are in the order of their pieces. @param offset of its first byte */
  uploadPiece: (id: string, offset: number): string =>
    `staging/uploads/${id}/pieces/${String(offset).padStart(16, '0')}`,
  /** which separation a resumable upload became */
  usedUploadsPrefix: 'staging/used-uploads/',
  usedUpload: (id: string): string => `staging/used-uploads/${id}.json`,
  separation: (id: SeparationId): string => `separations/${id}/`,
  input: (id: SeparationId, extension: string): string => `separations/${id}/input.${extension}`,
  stems: (id: SeparationId): string => `separations/${id}/stems/`,
  /**
   * Named by content: a manifest lists it, and no other run overwrites it.
   * @param sha256 of the file; of its master for a format that is made on demand
   */
  stem: (id: SeparationId, stem: StemName, format: Format, sha256: string): string =>
    `separations/${id}/stems/${stem}-${contentVersion(sha256)}.${format}`,
  /** the decoded song, named by its sha256 */
  original: (id: SeparationId, sha256: string): string => `separations/${id}/original-${contentVersion(sha256)}.flac`,
  waveform: (id: SeparationId, sha256: string): string => `separations/${id}/waveform-${contentVersion(sha256)}.json`,
  /** a JPEG, named by its sha256 */
  cover: (id: SeparationId, sha256: string): string => `separations/${id}/cover-${contentVersion(sha256)}.jpg`,
  /** made after the commit, and again if it is lost: no manifest lists it */
  analysis: (id: SeparationId): string => `separations/${id}/analysis.json`,
  /** which ending the webhooks of its owner have been told of */
  announced: (id: SeparationId): string => `separations/${id}/announced.json`,
  /** whom to call when it is completed, one object for each */
  callbacks: (id: SeparationId): string => `separations/${id}/callbacks/`,
  /** @param name digits that tell the callbacks of one separation apart */
  callback: (id: SeparationId, name: string): string => `separations/${id}/callbacks/${name}.json`,
  /** the stems that /apiv1 does not serve any longer, an empty object for each */
  removedTracks: (id: SeparationId): string => `separations/${id}/removed-tracks/`,
  removedTrack: (id: SeparationId, stem: StemName): string => `separations/${id}/removed-tracks/${stem}`,
  webhooksPrefix: 'webhooks/',
  /** @param owner a safe name for the owner, see `ownerFolder` */
  webhooksOf: (owner: string): string => `webhooks/${owner}/`,
  webhook: (owner: string, webhookId: string): string => `webhooks/${owner}/${webhookId}/webhook.json`,
  webhookFolder: (owner: string, webhookId: string): string => `webhooks/${owner}/${webhookId}/`,
  deliveries: (owner: string, webhookId: string): string => `webhooks/${owner}/${webhookId}/deliveries/`,
  delivery: (owner: string, webhookId: string, n: string): string =>
    `webhooks/${owner}/${webhookId}/deliveries/${n}.json`,
  deliveryBody: (owner: string, webhookId: string, n: string): string =>
    `webhooks/${owner}/${webhookId}/bodies/${n}.json`,
  /** one object for each delivery that has not ended */
  dueDeliveries: (owner: string, webhookId: string): string => `webhooks/${owner}/${webhookId}/due/`,
  dueDelivery: (owner: string, webhookId: string, n: string): string => `webhooks/${owner}/${webhookId}/due/${n}`,
  /** while the separation runs */
  previews: (id: SeparationId): string => `separations/${id}/preview/`,
  preview: (id: SeparationId, attempt: string): string => `separations/${id}/preview/${attempt}/`,
  /** never changed once it is stored. @param block counted from 0 */
  previewBlock: (id: SeparationId, attempt: string, stem: StemName, block: number): string =>
    `separations/${id}/preview/${attempt}/${stem}/${block}.flac`,
} as const;

/** Keys of separations that were stored before artefacts were named by content. */
export const earlierKeys = {
  stem: (id: SeparationId, stem: StemName, format: Format): string => `separations/${id}/stems/${stem}.${format}`,
  /** the decoded song, made on demand where the manifest lists none */
  original: (id: SeparationId): string => `separations/${id}/original.flac`,
  waveform: (id: SeparationId): string => `separations/${id}/waveform.json`,
} as const;

/** Whether the key is of a file that a worker or rest-server made from the song. */
export function isArtefactKey(id: SeparationId, key: string): boolean {
  const folder = `separations/${id}/`;
  return (
    key.startsWith(folder) &&
    /^(?:stems\/|preview\/|original[-.]|cover-|waveform[-.]|analysis\.)/.test(key.slice(folder.length))
  );
}

/** hex digits of a sha256 that tell the files of one separation apart */
const DIGITS = 16;

/** Tells the contents of files apart: in their keys, and as `v` in their links. */
export function contentVersion(sha256: string): string {
  return sha256.slice(0, DIGITS);
}
