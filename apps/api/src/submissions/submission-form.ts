import {
  CONTAINERS,
  FORMATS,
  OVERLAP_RANGE,
  PRIORITIES,
  SHIFTS_RANGE,
  TRACK_RANGE,
  listPattern,
} from '@app/separations';

const LABELS = Object.values(CONTAINERS).map(({ label }) => label);

/** The form of an upload, for the OpenAPI document. Swagger UI sends the examples. */
export const SUBMISSION_FORM = {
  type: 'object',
  additionalProperties: false,
  properties: {
    file: { type: 'string', format: 'binary', description: `the song: ${LABELS.join(', ')}` },
    url: {
      type: 'string',
      maxLength: 2000,
      description: 'in place of `file`: where the server fetches the song, if it allows the host',
      example: '',
    },
    upload: {
      type: 'string',
      maxLength: 100,
      description: 'in place of `file`: the id of an upload at /v1/uploads that is complete',
      example: '',
    },
    model: {
      type: 'string',
      maxLength: 100,
      description: 'one of /v1/models; the default model if empty',
      example: '',
    },
    stems: {
      type: 'string',
      maxLength: 500,
      pattern: orEmpty(listPattern()),
      description: 'comma-separated, such as `vocals,instrumental`; all stems of the model if empty',
      example: '',
    },
    formats: {
      type: 'string',
      maxLength: 100,
      pattern: orEmpty(listPattern(`(?:${FORMATS.join('|')})`)),
      description: 'comma-separated; `flac` if empty. Other formats are encoded when you download them',
      example: 'flac',
    },
    overlap: {
      type: 'number',
      minimum: OVERLAP_RANGE.min,
      maximum: OVERLAP_RANGE.max,
      description: 'share of a segment that overlaps its neighbor; the one that suits the model if you send none',
      example: OVERLAP_RANGE.default,
    },
    shifts: {
      type: 'integer',
      minimum: SHIFTS_RANGE.min,
      maximum: SHIFTS_RANGE.max,
      description: `shifted passes to average: slower, slightly better; ${SHIFTS_RANGE.default} if you send none`,
      example: SHIFTS_RANGE.default,
    },
    track: {
      type: 'integer',
      minimum: TRACK_RANGE.min,
      maximum: TRACK_RANGE.max,
      description:
        'audio track of a file with several, counted from 1; the one that the file flags if you send none, else the first',
      // Swagger UI would send 0
      example: '',
    },
    priority: {
      type: 'string',
      maxLength: 30,
      enum: ['', ...PRIORITIES],
      description: '`low` for work that nobody waits for: it yields to other songs, also to yours; `normal` if empty',
      example: '',
    },
  },
};

/** an empty field counts as absent */
function orEmpty(pattern: string): string {
  return `^$|${pattern}`;
}
