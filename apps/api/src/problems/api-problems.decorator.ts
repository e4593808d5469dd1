import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemDocument } from './problem.dto.js';

/** Lists in the OpenAPI document which problems a call may answer, gathered by status. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator & ClassDecorator {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  const responses = [...statuses].map((status) => {
    const titles = codes.filter((code) => PROBLEMS[code].status === status);
    return ApiResponse({
      status,
      description: titles.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('  \n'),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDocument) } } },
    });
  });
  return applyDecorators(ApiExtraModels(ProblemDocument), ...responses);
}
