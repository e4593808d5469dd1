// short names of the documents in the API
import type { components } from './api.generated.js';

type Schemas = components['schemas'];

export type Separation = Schemas['SeparationDocument'];
export type SeparationStatus = Separation['status'];
/** The separations of a page have no `receipt`. */
export type SeparationPage = Schemas['SeparationPage'];
export type Receipt = Schemas['ReceiptDocument'];
export type Model = Schemas['ModelDocument'];
export type ModelList = Schemas['ModelList'];
export type OwnEdit = Schemas['OwnEdit'];
export type Waveform = Schemas['WaveformDocument'];
export type Analysis = Schemas['AnalysisDocument'];
export type Preview = Schemas['PreviewDocument'];
export type PreviewBlock = Preview['blocks'][number];
export type Problem = Schemas['ProblemDocument'];
