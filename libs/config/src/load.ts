import { z } from 'zod';
import { ConfigError } from './config.error.js';
import { variables, type Variable } from './variable.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a schema of concerns reads: the settings of each concern. */
export type Config<Schema extends z.ZodType> = {
  readonly [Concern in keyof z.output<Schema>]: Readonly<z.output<Schema>[Concern]>;
};

export interface DescribedVariable extends Variable {
  readonly meaning: string;
}

/** names of values that no message may show, and no child process may inherit: vendors put tokens into URLs */
export const SECRET = /URL$|OTLP_(\w+_)?ENDPOINT$|CONNECTION_STRING|KEY|SECRET|PASSWORD|TOKEN|HEADERS/;

/** @throws ConfigError that names all unusable variables. */
export function load<Schema extends z.ZodType>(schema: Schema, env: Environment): Config<Schema> {
  const { success, data, error } = schema.safeParse(inputOf(schema, env));
  if (success) return data;
  const located = variablesOf(schema);
  const wrong = error.issues.flatMap(({ path }) => located.get(path.join('.')) ?? []);
  throw new ConfigError([...new Set(wrong.map((variable) => sentence(variable, valueOf(variable, env))))]);
}

/** The variables that a schema reads, by the path of their setting, such as `http.port`. */
export function variablesOf(schema: z.core.$ZodType, path: readonly string[] = []): Map<string, DescribedVariable> {
  const variable = variables.get(schema);
  const meaning = z.globalRegistry.get(schema)?.description ?? '';
  if (variable !== undefined) return new Map([[path.join('.'), { ...variable, meaning }]]);
  return new Map(childrenOf(schema).flatMap(([key, child]) => [...variablesOf(child, [...path, key])]));
}

/** The environment in the form that the schema parses. */
function inputOf(schema: z.core.$ZodType, env: Environment): unknown {
  const variable = variables.get(schema);
  if (variable !== undefined) return valueOf(variable, env);
  return Object.fromEntries(childrenOf(schema).map(([key, child]) => [key, inputOf(child, env)]));
}

function childrenOf(schema: z.core.$ZodType): [string, z.core.$ZodType][] {
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap((option) => childrenOf(option));
  return schema instanceof z.ZodObject ? Object.entries<z.core.$ZodType>(schema.shape) : [];
}

function valueOf(variable: Variable, env: Environment): string | undefined {
  return given(variable.name, env) ?? variable.default?.replace(/^DATA_DIR\b/, given('DATA_DIR', env) ?? 'data');
}

/** An empty variable counts as unset: charts and shells set empty ones. */
function given(name: string, env: Environment): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function sentence({ name, required, allowed }: Variable, value: string | undefined): string {
  if (value === undefined) return `${name} must be set ${required}.`;
  return `${name} must be ${allowed}${SECRET.test(name) ? '' : `, not ${JSON.stringify(value)}`}.`;
}
