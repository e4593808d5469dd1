// documents as the first version stored them; gains were not whole numbers of dB then.
const ID = 'sep_b9bbd60c5f545ba3dfb445126fd92a3d';
const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const REQUEST = {
  inputSha256: SHA256,
  model: 'htdemucs',
  weights: '955717e8',
  stems: ['vocals', 'drums'],
  overlap: 0.25,
  shifts: 0,
  owner: null,
  requestId: '8c1f0f6e-6c6a-4d43-9f5c-1c4a4d6f3f0e',
  fileName: 'My Song.mp3',
  formats: ['flac', 'mp3'],
  id: ID,
  createdAt: '2026-11-23T05:12:17.000Z',
  inputExtension: 'mp3',
  inputBytes: 4_321_000,
  durationSeconds: 183.4,
  outcome: { state: 'accepted' },
};

export const MANIFEST = {
  id: ID,
  model: 'htdemucs',
  weightsSha256: SHA256,
  engine: {
    version: '0.1.0',
    backend: 'torch',
    device: 'cuda (NVIDIA L4)',
    precision: 'fp32',
    libraries: { torch: '2.9.1', demucs: '4.1.0' },
  },
  options: { model: 'htdemucs', stems: ['vocals', 'drums'], overlap: 0.25, shifts: 0 },
  input: {
    sha256: SHA256,
    codec: 'mp3',
    sampleRate: 48_000,
    channels: 2,
    samples: 8_087_940,
    durationSeconds: 183.4,
  },
  stems: [
    {
      name: 'vocals',
      key: `separations/${ID}/stems/vocals.flac`,
      sha256: SHA256,
      bytes: 20_111_222,
      samples: 8_087_940,
      peakDb: null,
    },
  ],
  artefacts: [{ key: `separations/${ID}/waveform.json`, sha256: SHA256, bytes: 21_034 }],
  gainDb: -0.7312,
  residualDb: -31.2,
  seconds: { fetch: 0.1, decode: 0.9, separate: 31.4, encode: 5.2, store: 0.7 },
  warnings: ['The song is damaged or cut off: 183.4 s of 190.0 s could be decoded.'],
  startedAt: '2026-11-23T05:12:18.000Z',
  finishedAt: '2026-11-23T05:12:56.300Z',
};
