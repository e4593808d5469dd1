import { describe, expect, it } from '@jest/globals';
import { KNOWN_MODELS } from '../index.js';
import { analysisSchema } from './song/analysis.js';
import { modelDescriptionSchema, modelSchema } from './model.js';
import { problemDocumentSchema } from './problem.js';
import { progressSchema, queuePlaceSchema } from './separation.js';
import { waveformSchema } from './waveform.js';

const MODEL = { name: 'mine', stems: ['vocals'], licence: 'MIT', weights: 'a+b', relativeCost: 0.1 };
const PROBLEM = {
  type: 'urn:music-separation:problem:unknown_stem',
  title: 'Unknown stem',
  status: 422,
  detail: 'x',
  code: 'unknown_stem',
  requestId: 'r',
};
const WAVEFORM = { version: 1, sampleRate: 44_100, samplesPerPeak: 2205, samples: 4410, stems: { vocals: [0, 127] } };
const LOUDNESS = { integratedLufs: -14.2, truePeakDb: -0.3, rangeLu: null };
const ANALYSIS = {
  version: 1,
  tempo: { bpm: 120, confidence: 0.9, beats: [0.5, 1] },
  key: { tonic: 'A', mode: 'minor', confidence: 0.8 },
  tuningCents: -3.5,
  loudness: { mix: LOUDNESS, stems: { vocals: LOUDNESS } },
};

describe('the schemas of answers', () => {
  it.each([
    ['progress', progressSchema, { percent: 0, stage: 'fetch' }],
    ['progress at its end', progressSchema, { percent: 100, stage: 'done' }],
    ['a place in the queue', queuePlaceSchema, { position: 1, etaSeconds: null, workers: 0 }],
    ['a description of a model', modelDescriptionSchema, MODEL],
    ['a model', modelSchema, { ...MODEL, installed: false, allowed: true, default: true }],
    ['a problem with a license', problemDocumentSchema, { ...PROBLEM, licence: { class: 'own', text: 'mine' } }],
    ['a problem', problemDocumentSchema, PROBLEM],
    ['a problem with allowed names', problemDocumentSchema, { ...PROBLEM, allowed: ['a', 1] }],
    ['a problem with an allowed range', problemDocumentSchema, { ...PROBLEM, allowed: { min: 0, max: 1 } }],
    ['a waveform', waveformSchema, WAVEFORM],
    ['an analysis', analysisSchema, ANALYSIS],
    ['one with nothing to say', analysisSchema, { ...ANALYSIS, tempo: null, key: null, tuningCents: null }],
  ])('take %s', (_, schema, value) => {
    expect(schema.parse(value)).toEqual(value);
  });

  it.each([
    ['progress below 0', progressSchema, { percent: -1, stage: 'fetch' }],
    ['progress above 100', progressSchema, { percent: 101, stage: 'fetch' }],
    ['an unknown stage', progressSchema, { percent: 1, stage: 'lunch' }],
    ['a place that is not a number', queuePlaceSchema, { position: 'first', etaSeconds: null, workers: 1 }],
    ['a model without stems', modelDescriptionSchema, { ...MODEL, stems: undefined }],
    ['a model with a cost below 0', modelDescriptionSchema, { ...MODEL, relativeCost: -1 }],
    ['a model that does not say whether it is installed', modelSchema, { ...MODEL, allowed: true, default: true }],
    ['a license of no known class', modelDescriptionSchema, { ...MODEL, licenceClass: 'free' }],
    ['an unknown code', problemDocumentSchema, { ...PROBLEM, code: 'no_luck' }],
    ['a status that is not an error', problemDocumentSchema, { ...PROBLEM, status: 200 }],
    ['allowed values in one text', problemDocumentSchema, { ...PROBLEM, allowed: 'a' }],
    ['an analysis of another version', analysisSchema, { ...ANALYSIS, version: 2 }],
    ['a waveform without samples', waveformSchema, { ...WAVEFORM, samples: undefined }],
  ])('refuse %s', (_, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

it('names the published weights, which decide the names of separations', () => {
  expect(Object.fromEntries(KNOWN_MODELS.map(({ name, weights }) => [name, weights]))).toEqual({
    htdemucs: '955717e8',
    htdemucs_ft: 'f7e0c4bc+d12395a8+92cfc3b6+04573f0d',
    htdemucs_6s: '5c90dfd2',
    hdemucs_mmi: '75fc33f5',
    melband_roformer_kim: '03bfc70b',
    demo: 'b64ffff8',
    demo_roformer: 'ffedeb07',
    demo_scnet: '4a956386',
    ft3: 'f7e0c4bc+04573f0d',
    best: '03bfc70b+f7e0c4bc+d12395a8',
    demo_best: 'ffedeb07+b64ffff8',
  });
});
