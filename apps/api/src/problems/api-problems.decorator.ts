import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemDocument } from './problem.dto.js';

/** of every call behind the access guard */
const OF_EVERY_CALL = ['unauthorized', 'forbidden', 'rate_limited', 'internal'] as const satisfies ProblemCode[];

/** of every call on a separation */
export const OF_A_SEPARATION = [
  'invalid_request',
  'separation_not_found',
  'storage_unavailable',
] as const satisfies ProblemCode[];

/** Documents the problems of a call, added to those of every call. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return ApiPublicProblems(...OF_EVERY_CALL, ...codes);
}

/**
 * Documents the problems of a public call. Use it once per method: a second decorator would replace the first for the
 * same status.
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
