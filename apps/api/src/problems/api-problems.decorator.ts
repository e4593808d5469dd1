import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { PROBLEMS, componentRef, describeProblem, type ProblemCode, type ProblemDocument } from '@app/separations';

/** of every call that is rate limited and may need a key */
const OF_EVERY_CALL = [
  'unauthorized',
  'forbidden',
  'scope_missing',
  'rate_limited',
  'internal',
] as const satisfies ProblemCode[];

/** of every call that reads one separation from the object store */
export const OF_A_SEPARATION = [
  'invalid_request',
  'separation_not_found',
  'storage_unavailable',
  'out_of_disk',
] as const satisfies ProblemCode[];

/** Documents the problems that a call may answer, in addition to those of every call. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return ApiPublicProblems(...OF_EVERY_CALL, ...codes);
}

/**
 * Documents the problems of a public call. Use it once, on a method: a second decorator would replace the first for
 * the same status.
 */
export function ApiPublicProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  const responses = [...statuses].map((status) => {
    const ofStatus = codes.filter((code) => PROBLEMS[code].status === status);
    return ApiResponse({
      status,
      description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('  \n'),
      content: {
        'application/problem+json': {
          schema: componentRef('ProblemDocument'),
          examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }])),
        },
      },
    });
  });
  return applyDecorators(...responses);
}

function exampleOf(code: ProblemCode): ProblemDocument {
  return {
    ...describeProblem(code, `${PROBLEMS[code].title}.`),
    requestId: '8c1f0f6e-6c6a-4d43-9f5c-1c4a4d6f3f0e',
  };
}
