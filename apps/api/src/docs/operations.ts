import type { OpenAPIObject } from '@nestjs/swagger';

export type PathItem = OpenAPIObject['paths'][string];

export type Operation = NonNullable<PathItem['get']>;

export type ApiResponseObject = Exclude<NonNullable<Operation['responses'][string]>, { $ref: string }>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'] as const;

/** Every call of a document. */
export function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.values(paths).flatMap((path) => METHODS.flatMap((method) => path[method] ?? []));
}

/** The responses of a call by status; none of ours is a reference. */
export function responsesOf({ responses }: Operation): Record<string, ApiResponseObject> {
  return responses as Record<string, ApiResponseObject>;
}
