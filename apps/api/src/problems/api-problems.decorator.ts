import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemDocument } from './problem.dto.js';

/** of each call that is counted, and that needs a key where keys are used */
const OF_EVERY_CALL = ['unauthorized', 'forbidden', 'rate_limited', 'internal'] as const satisfies ProblemCode[];

/** of each call that names a separation and asks the object store for it */
export const OF_A_SEPARATION = [
  'invalid_request',
  'separation_not_found',
  'storage_unavailable',
] as const satisfies ProblemCode[];

/** Lists in the OpenAPI document which problems a call may answer, besides those that every call may. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return ApiPublicProblems(...OF_EVERY_CALL, ...codes);
}

/**
 * Lists in the OpenAPI document which problems a call may answer that everybody may make. On methods only, and once:
 * a second decorator would take the place of the first for the same status.
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
          schema: { $ref: getSchemaPath(ProblemDocument) },
          examples: Object.fromEntries(ofStatus.map((code) => [code, { value: exampleOf(code) }])),
        },
      },
    });
  });
  return applyDecorators(ApiExtraModels(ProblemDocument), ...responses);
}

function exampleOf(code: ProblemCode): ProblemDocument {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:music-separation:problem:${code}`,
    title,
    status,
    detail: `${title}.`,
    code,
    requestId: '8c1f0f6e-6c6a-4d43-9f5c-1c4a4d6f3f0e',
  };
}
