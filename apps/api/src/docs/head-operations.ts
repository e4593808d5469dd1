import type { OpenAPIObject } from '@nestjs/swagger';
import { responsesOf, type ApiResponseObject, type Operation } from './operations.js';

/** HEAD knows no ranges (RFC 9110 §14.2) */
const OF_RANGES = ['Range', 'If-Range', '206', '416'];

/** Describes HEAD of every stored file: its length and ETag. Other paths answer HEAD too, but it tells nothing there. */
export function addHeadOperations({ paths }: OpenAPIObject): void {
  for (const path of Object.values(paths)) {
    if (path.head !== undefined) path.head.responses = withoutBodies(Object.entries(responsesOf(path.head)));
    if (path.get !== undefined && responsesOf(path.get)['200']?.headers?.['ETag'] !== undefined) {
      path.head = headOf(path.get);
    }
  }
}

function headOf(get: Operation): Operation {
  const { operationId = '', summary = '', parameters = [] } = get;
  const responses = Object.entries(responsesOf(get)).filter(([status]) => !OF_RANGES.includes(status));
  return {
    ...get,
    operationId: operationId.replace(/^get/, 'head'),
    summary: `${summary}: length and ETag only`,
    parameters: parameters.filter((parameter) => !('name' in parameter && OF_RANGES.includes(parameter.name))),
    responses: withoutBodies(responses),
  };
}

function withoutBodies(responses: readonly [string, ApiResponseObject][]): Record<string, ApiResponseObject> {
  return Object.fromEntries(responses.map(([status, response]) => [status, withoutBody(response)]));
}

function withoutBody({ description, headers = {} }: ApiResponseObject): ApiResponseObject {
  return { description, headers };
}
