import { ownEditSchema, TEMPO_RANGE, TITLE_LENGTH, type OwnEdit } from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';

const { min, max } = TEMPO_RANGE;
const { tonic, mode } = ownEditSchema.shape.key.unwrap().unwrap().shape;

const REFUSALS = new Map<unknown, () => ProblemError>([
  ['title', () => new ProblemError('invalid_title', `title must be null or text of up to ${TITLE_LENGTH} characters.`)],
  [
    'tempo',
    () =>
      new ProblemError('invalid_tempo', `tempo must be null or from ${min} to ${max}.`, {
        extras: { allowed: { min, max } },
      }),
  ],
  [
    'key',
    () =>
      new ProblemError('invalid_key', 'key must be null, or have a tonic and a mode.', {
        extras: { allowed: [...tonic.options, ...mode.options] },
      }),
  ],
]);

/** Checks what a client wants to set. @throws ProblemError with the code of the first wrong field */
export function wantedEdit(body: unknown): OwnEdit {
  const { data, error } = ownEditSchema.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const refusal = REFUSALS.get(issue?.path[0]);
  if (refusal !== undefined) throw refusal();
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((name) => `"${name.slice(0, 100)}"`).join(', ');
    throw new ProblemError('unknown_field', `Unknown field ${names}.`);
  }
  throw new ProblemError('invalid_request', 'Send a JSON object with title, tempo or key.');
}
