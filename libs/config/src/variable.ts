import { resolve } from 'node:path';
import { z } from 'zod';

/** An environment variable, as error messages and docs/configuration.md describe it. */
export interface Variable {
  readonly name: string;
  readonly meaning: string;
  /** the value of an unset variable; in a default, a leading `DATA_DIR` stands for that folder */
  readonly default?: string;
  /** completes `NAME must be set …`, for a variable without a default */
  readonly required?: string;
  /** completes `NAME must be …` */
  readonly allowed?: string;
}

/** A default, or the condition under which the variable must be set. */
type Unset = string | { readonly required: string };

/** Finds the variable that a schema reads. */
export const variables = z.registry<Variable>();

export function text(name: string, unset: Unset, meaning: string): z.ZodString {
  return z.string().register(variables, { name, meaning, ...whenUnset(unset) });
}

export function optionalText(name: string, meaning: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().register(variables, { name, meaning });
}

/** A file or folder, as an absolute path. */
export function path(name: string, unset: string, meaning: string, below = ''): z.ZodType<string> {
  return z
    .string()
    .transform((value) => resolve(value, below))
    .register(variables, { name, meaning, default: unset });
}

/** A program, as an absolute path or as a name on the PATH. */
export function program(name: string, unset: string, meaning: string): z.ZodType<string> {
  return z
    .string()
    .transform((value) => (value.includes('/') ? resolve(value) : value))
    .register(variables, { name, meaning, default: unset });
}

/** Values that a comma separates. */
export function list(name: string, meaning: string): z.ZodType<readonly string[]> {
  return z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .transform((parts) => parts.filter((part) => part !== ''))
    .register(variables, { name, meaning, default: '' });
}

/** A whole number in decimal digits within the range, both ends included. */
export function integer(
  name: string,
  unset: number,
  [min, max]: readonly [number, number],
  meaning: string,
): z.ZodType<number> {
  const allowed = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return z
    .stringFormat('integer', /^-?\d+$/)
    .transform(Number)
    .refine((number) => number >= min && number <= max)
    .register(variables, { name, meaning, default: String(unset), allowed: `a whole number ${allowed}` });
}

export function oneOf<const T extends string>(
  name: string,
  unset: NoInfer<T>,
  choices: readonly T[],
  meaning: string,
): z.ZodType<T> {
  return z.enum(choices).register(variables, { name, meaning, default: unset, allowed: anyOf(choices) });
}

export function url(name: string, unset: Unset, protocols: readonly string[], meaning: string): z.ZodType<URL> {
  const allowed = `a URL that starts with ${anyOf(protocols.map((protocol) => `${protocol}//`))}`;
  return z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol))
    .transform((value) => new URL(value))
    .register(variables, { name, meaning, ...whenUnset(unset), allowed });
}

function whenUnset(unset: Unset): { readonly default: string } | { readonly required: string } {
  return typeof unset === 'string' ? { default: unset } : unset;
}

function anyOf(choices: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(choices);
}
