import {
  FORMATS,
  INSTRUMENTAL,
  OVERLAP_RANGE,
  PRIORITIES,
  SHIFTS_RANGE,
  TRACK_RANGE,
  isFormat,
  isPriority,
  listedNames,
  sortStems,
  type Format,
  type Priority,
  type SeparationOptions,
} from '@app/separations';
import type { ModelCatalogue } from '../models/model-catalogue.js';
import { ProblemError } from '../problems/problem.error.js';
import type { SubmissionFields } from './submission-fields.js';

export interface WantedOptions extends SeparationOptions {
  readonly weights: string;
  readonly formats: readonly Format[];
  readonly priority: Priority;
}

/** as generated clients write them: with all digits of a double, or an exponent */
const JSON_NUMBER = /^-?\d{1,6}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?$/i;

/** Checks the fields of an upload and fills in defaults. @throws ProblemError (422) that lists the allowed values. */
export function wantedOptions(fields: SubmissionFields, catalogue: ModelCatalogue): WantedOptions {
  const { overlap, shifts, track } = fields;
  const model = catalogue.pick(fields.model);
  return {
    model: model.name,
    weights: model.weights,
    stems: wantedStems(fields.stems, model.stems),
    overlap: overlap === undefined ? (model.overlap ?? OVERLAP_RANGE.default) : wantedNumber('overlap', overlap),
    shifts: shifts === undefined ? SHIFTS_RANGE.default : wantedNumber('shifts', shifts),
    ...(track !== undefined && { track: wantedNumber('track', track) }),
    formats: wantedFormats(fields.formats),
    priority: wantedPriority(fields.priority),
  };
}

function wantedStems(csv: string | undefined, ofModel: readonly string[]): string[] {
  const allowed = ofModel.includes('vocals') ? [...ofModel, INSTRUMENTAL] : ofModel;
  const wanted = csv === undefined ? ofModel : listedNames(csv);
  const unknown = wanted.find((stem) => !allowed.includes(stem));
  if (unknown !== undefined || wanted.length === 0) {
    throw new ProblemError('unknown_stem', `The model has no stem "${unknown ?? ''}".`, { extras: { allowed } });
  }
  return sortStems(wanted);
}

function wantedFormats(csv = 'flac'): Format[] {
  const wanted = listedNames(csv);
  const known = wanted.filter(isFormat);
  if (known.length !== wanted.length || known.length === 0) {
    const unknown = wanted.find((format) => !isFormat(format)) ?? '';
    throw new ProblemError('unknown_format', `There is no format "${unknown}".`, { extras: { allowed: FORMATS } });
  }
  return FORMATS.filter((format) => known.includes(format));
}

function wantedPriority(priority = 'normal'): Priority {
  if (isPriority(priority)) return priority;
  const extras = { allowed: PRIORITIES };
  throw new ProblemError('invalid_priority', `There is no priority "${priority}".`, { extras });
}

const NUMBERS = {
  overlap: { code: 'invalid_overlap', ...OVERLAP_RANGE, isKind: Number.isFinite },
  shifts: { code: 'invalid_shifts', ...SHIFTS_RANGE, isKind: Number.isInteger },
  track: { code: 'invalid_track', ...TRACK_RANGE, isKind: Number.isInteger },
} as const;

function wantedNumber(name: keyof typeof NUMBERS, text: string): number {
  const { code, min, max, isKind } = NUMBERS[name];
  const value = JSON_NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
  if (isKind(value) && value >= min && value <= max) return value === 0 ? 0 : value;
  throw new ProblemError(code, `${name} must be from ${min} to ${max}.`, { extras: { allowed: { min, max } } });
}
