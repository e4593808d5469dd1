// the parts of an OpenAPI document that specs read.
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, DescribedResponse>>;
}

interface DescribedResponse {
  readonly content?: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, object>>;
}

interface Content {
  readonly schema?: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly servers: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export function operationsOf({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method, path })),
  );
}

/** Every schema of the document: the named ones, and those of responses. */
export function schemasOf(document: OpenApi): object[] {
  const answers = operationsOf(document).flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ content = {} }) => Object.values(content).map(({ schema = {} }) => schema)),
  );
  return [...Object.values(document.components.schemas), ...answers];
}

/** The same schemas without additional properties, to reveal a property that the docs forgot. */
export function closed(components: OpenApi['components']): OpenApi['components'] {
  const close = (schema: object): object =>
    'properties' in schema && !('additionalProperties' in schema) ? { ...schema, additionalProperties: false } : schema;
  const schemas = Object.entries(components.schemas).map(([name, schema]) => [name, close(schema)]);
  return { schemas: Object.fromEntries(schemas) as Record<string, object> };
}
