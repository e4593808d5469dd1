import { describe, expect, it } from '@jest/globals';
import { contentVersion, earlierKeys, isArtefactKey, objectKeys, type SeparationId } from '../index.js';

const ID = `sep_${'0'.repeat(32)}` as SeparationId;
const SHA256 = '0123456789abcdef'.repeat(4);

describe('the keys of objects', () => {
  it('never change: stored separations are found by them', () => {
    expect({
      staging: objectKeys.staging('upload'),
      upload: objectKeys.upload('u1'),
      uploadInfo: objectKeys.uploadInfo('u1'),
      uploadPieces: objectKeys.uploadPieces('u1'),
      uploadPiece: objectKeys.uploadPiece('u1', 8_388_608),
      usedUpload: objectKeys.usedUpload('u1'),
      separation: objectKeys.separation(ID),
      input: objectKeys.input(ID, 'mp3'),
      stems: objectKeys.stems(ID),
      stem: objectKeys.stem(ID, 'vocals', 'flac', SHA256),
      original: objectKeys.original(ID, SHA256),
      cover: objectKeys.cover(ID, SHA256),
      waveform: objectKeys.waveform(ID, SHA256),
      analysis: objectKeys.analysis(ID),
      callbacks: objectKeys.callbacks(ID),
      callback: objectKeys.callback(ID, 'c1'),
      removedTracks: objectKeys.removedTracks(ID),
      removedTrack: objectKeys.removedTrack(ID, 'vocals'),
      previews: objectKeys.previews(ID),
      preview: objectKeys.preview(ID, 'a1'),
      previewBlock: objectKeys.previewBlock(ID, 'a1', 'vocals', 0),
      earlierStem: earlierKeys.stem(ID, 'vocals', 'flac'),
      earlierOriginal: earlierKeys.original(ID),
      earlierWaveform: earlierKeys.waveform(ID),
    }).toEqual({
      staging: 'staging/upload',
      upload: 'staging/uploads/u1/',
      uploadInfo: 'staging/uploads/u1/info.json',
      uploadPieces: 'staging/uploads/u1/pieces/',
      uploadPiece: 'staging/uploads/u1/pieces/0000000008388608',
      usedUpload: 'staging/used-uploads/u1.json',
      separation: `separations/${ID}/`,
      input: `separations/${ID}/input.mp3`,
      stems: `separations/${ID}/stems/`,
      stem: `separations/${ID}/stems/vocals-0123456789abcdef.flac`,
      original: `separations/${ID}/original-0123456789abcdef.flac`,
      cover: `separations/${ID}/cover-0123456789abcdef.jpg`,
      waveform: `separations/${ID}/waveform-0123456789abcdef.json`,
      analysis: `separations/${ID}/analysis.json`,
      callbacks: `separations/${ID}/callbacks/`,
      callback: `separations/${ID}/callbacks/c1.json`,
      removedTracks: `separations/${ID}/removed-tracks/`,
      removedTrack: `separations/${ID}/removed-tracks/vocals`,
      previews: `separations/${ID}/preview/`,
      preview: `separations/${ID}/preview/a1/`,
      previewBlock: `separations/${ID}/preview/a1/vocals/0.flac`,
      earlierStem: `separations/${ID}/stems/vocals.flac`,
      earlierOriginal: `separations/${ID}/original.flac`,
      earlierWaveform: `separations/${ID}/waveform.json`,
    });
  });
});

describe(isArtefactKey.name, () => {
  it.each([
    objectKeys.stem(ID, 'vocals', 'flac', SHA256),
    objectKeys.original(ID, SHA256),
    objectKeys.cover(ID, SHA256),
    objectKeys.waveform(ID, SHA256),
    objectKeys.analysis(ID),
    objectKeys.previewBlock(ID, 'a1', 'vocals', 0),
    earlierKeys.stem(ID, 'vocals', 'mp3'),
    earlierKeys.original(ID),
    earlierKeys.waveform(ID),
  ])('takes %s', (key) => {
    expect(isArtefactKey(ID, key)).toBe(true);
  });

  it.each([
    objectKeys.input(ID, 'flac'),
    `separations/${ID}/request.json`,
    `separations/${ID}/manifest.json`,
    `separations/${ID}/originals.flac`,
    `separations/${ID}/waveforms.json`,
    `separations/${ID}/input/original.flac`,
    objectKeys.original(`sep_${'1'.repeat(32)}` as SeparationId, SHA256),
    'stems/vocals.flac',
  ])('leaves %s', (key) => {
    expect(isArtefactKey(ID, key)).toBe(false);
  });
});

describe(contentVersion.name, () => {
  it('is the first 16 digits of the sha256', () => {
    expect(contentVersion(SHA256)).toBe('0123456789abcdef');
  });
});
