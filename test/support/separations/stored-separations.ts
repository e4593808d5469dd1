// separations as they lie in the store, written and read without the SeparationStore; for specs.
import { randomBytes, randomUUID } from 'node:crypto';
import {
  objectKeys,
  parseManifest,
  parseStoredRequest,
  type Analysis,
  type Manifest,
  type SeparationId,
  type StoredRequest,
} from '@app/separations';
import type { ObjectStore } from '@app/storage';

const RATE = 44_100;

/** spelled out on purpose: other versions of the service read them too */
const documentKeys = {
  request: (id: SeparationId): string => `${objectKeys.separation(id)}request.json`,
  manifest: (id: SeparationId): string => `${objectKeys.separation(id)}manifest.json`,
};

export function someId(): SeparationId {
  return `sep_${randomBytes(16).toString('hex')}` as SeparationId;
}

export function someRequest(change: Partial<StoredRequest> = {}): StoredRequest {
  return {
    id: someId(),
    createdAt: new Date().toISOString(),
    requestId: randomUUID(),
    fileName: 'song.mp3',
    inputExtension: 'mp3',
    inputBytes: 1,
    inputSha256: 'a'.repeat(64),
    durationSeconds: 1,
    model: 'demo',
    weights: 'b64ffff8',
    stems: ['vocals', 'drums', 'bass', 'other'],
    overlap: 0.25,
    shifts: 0,
    owner: null,
    formats: ['flac'],
    outcome: { state: 'accepted' },
    ...change,
  };
}

/** of a silent song without stored stems */
export function someManifest(request: StoredRequest, change: Partial<Manifest> = {}): Manifest {
  const { id, model, stems, overlap, shifts, inputSha256: sha256, durationSeconds } = request;
  const now = new Date().toISOString();
  const samples = Math.round(durationSeconds * RATE);
  return {
    id,
    model,
    weightsSha256: '0'.repeat(64),
    engine: { version: '0', backend: 'none', device: 'none', precision: 'fp32', libraries: {} },
    options: { model, stems, overlap, shifts },
    input: { sha256, codec: 'mp3', sampleRate: RATE, channels: 2, samples, durationSeconds },
    stems: [],
    artefacts: [],
    gainDb: 0,
    residualDb: null,
    seconds: { fetch: 0, decode: 0, separate: 0, encode: 0, store: 0 },
    warnings: [],
    startedAt: now,
    finishedAt: now,
    ...change,
  };
}

/** of a silent song without stored stems */
export function someAnalysis(): Analysis {
  const mix = { integratedLufs: null, truePeakDb: null, rangeLu: null };
  return { version: 1, tempo: null, key: null, tuningCents: null, loudness: { mix, stems: {} } };
}

/** The two documents of a separation, raw. */
export class Documents {
  constructor(private readonly objects: ObjectStore) {}

  async putRequest(request: StoredRequest): Promise<void> {
    await this.objects.putText(documentKeys.request(request.id), JSON.stringify(request));
  }

  async putManifest(manifest: Manifest): Promise<void> {
    await this.objects.putText(documentKeys.manifest(manifest.id), JSON.stringify(manifest));
  }

  async request(id: SeparationId): Promise<StoredRequest | undefined> {
    const json = await this.objects.getText(documentKeys.request(id));
    return json === undefined ? undefined : parseStoredRequest(json);
  }

  async manifest(id: SeparationId): Promise<Manifest | undefined> {
    const json = await this.objects.getText(documentKeys.manifest(id));
    return json === undefined ? undefined : parseManifest(json);
  }

  async removeRequest(id: SeparationId): Promise<void> {
    await this.objects.remove(documentKeys.request(id));
  }
}
