import { resolve } from 'node:path';
import { z } from 'zod';

/** An environment variable. Its meaning is the description of its schema. */
export interface Variable {
  readonly name: string;
  /** the value of an unset variable; a leading `DATA_DIR` stands for that folder */
  readonly default?: string;
  /** completes `NAME must be set …`, for a variable without a default */
  readonly required?: string;
  /** completes `NAME must be …` */
  readonly allowed?: string;
}

/** A default, or the condition under which the variable must be set. */
type Unset = string | { readonly required: string };

/** The variables that schemas read. */
export const variables = z.registry<Variable>();

export function text(name: string, unset: Unset): z.ZodString {
  return z.string().register(variables, { name, ...whenUnset(unset) });
}

export function optionalText(name: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().register(variables, { name });
}

/** Text that must be set under a condition, which the schema around it checks. */
export function conditionalText(name: string, required: string): z.ZodOptional<z.ZodString> {
  return z.string().optional().register(variables, { name, required });
}

/** A file or folder, as an absolute path. */
export function path(name: string, unset: string, below = ''): z.ZodType<string> {
  return parsed({ name, default: unset }, (value) => resolve(value, below));
}

/** A program, as an absolute path or as a name on the PATH. */
export function program(name: string, unset: string): z.ZodType<string> {
  return parsed({ name, default: unset }, (value) => (value.includes('/') ? resolve(value) : value));
}

/** Values that a comma separates. */
export function list(name: string): z.ZodType<readonly string[]> {
  return parsed({ name, default: '' }, partsOf);
}

/** Values that a comma separates, each of the kind that completes `NAME must be …`. */
export function listOf(name: string, allowed: string, isOne: (part: string) => boolean): z.ZodType<readonly string[]> {
  return parsed({ name, default: '', allowed }, partsOf, (value) => partsOf(value).every(isOne));
}

function partsOf(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Hosts with optional ports that a comma separates, such as `sentinel-0:26379,sentinel-1`. */
export function addresses(name: string, port: number): z.ZodType<readonly Address[]> {
  const split = (value: string): string[] => value.split(',').flatMap((part) => part.trim() || []);
  const isAddress = (part: string): boolean => /^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?$/.test(part);
  const isAllowed = (value: string): boolean =>
    split(value).every((part) => isAddress(part) && URL.canParse(`redis://${part}`));
  const parse = (value: string): Address[] =>
    split(value).map((part) => {
      const parsedUrl = new URL(`redis://${part}`);
      const host = parsedUrl.hostname.replace(/^\[|\]$/g, '');
      return { host, port: parsedUrl.port === '' ? port : Number(parsedUrl.port) };
    });
  return parsed({ name, default: '', allowed: 'host:port, separated by commas' }, parse, isAllowed);
}

/** Some of the choices, separated by commas; all if unset. */
export function someOf<const T extends string>(name: string, choices: readonly T[]): z.ZodType<ReadonlySet<T>> {
  const chosen = (value: string): string[] => value.split(',').map((part) => part.trim());
  return z
    .string()
    .refine((value) => chosen(value).every((part) => choices.some((choice) => choice === part)))
    .transform((value) => new Set(choices.filter((choice) => chosen(value).includes(choice))))
    .register(variables, { name, default: choices.join(','), allowed: `some of ${choices.join(', ')}` });
}

/** A queue, and the models whose songs go into it; `*` for all that no other queue has. */
export interface QueueOfModels {
  readonly name: string;
  readonly models: readonly string[] | '*';
}

/** BullMQ refuses colons in names. */
const QUEUE = /^toWorkers(-[a-z0-9]+)*$/;

/** Queues with their models, such as `toWorkers=*;toWorkers-big=best,htdemucs_ft`. */
export function queuesOfModels(name: string, unset: string): z.ZodType<readonly QueueOfModels[]> {
  const parse = (value: string): QueueOfModels[] =>
    value.split(';').map((part) => {
      const [queue = '', models = ''] = part.split('=').map((side) => side.trim());
      return { name: queue, models: models === '*' ? '*' : partsOf(models) };
    });
  const isAllowed = (value: string): boolean => {
    const queues = parse(value);
    const models = queues.flatMap((queue) => queue.models);
    const names = queues.map((queue) => queue.name);
    const areOnce = [names, models].every((all) => new Set(all).size === all.length);
    return areOnce && names.every((one) => QUEUE.test(one)) && queues.every(hasModels);
  };
  const allowed = '`queue=model,model;queue=*` with each queue and model once';
  return parsed({ name, default: unset, allowed }, parse, isAllowed);
}

function hasModels({ models }: QueueOfModels): boolean {
  return models === '*' || (models.length > 0 && models.every((model) => /^[\w.-]+$/.test(model)));
}

/** The name of a queue of songs. */
export function queueName(name: string, unset: string): z.ZodType<string> {
  const allowed = '`toWorkers`, or a name such as `toWorkers-big`';
  return parsed(
    { name, default: unset, allowed },
    (value) => value,
    (value) => QUEUE.test(value),
  );
}

/** A whole number in decimal digits within the range, both ends included. */
export function integer(name: string, unset: number, [min, max]: readonly [number, number]): z.ZodType<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const isAllowed = (value: string): boolean => /^-?\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
  return parsed({ name, default: String(unset), allowed: `a whole number ${range}` }, Number, isAllowed);
}

export function oneOf<const T extends string>(name: string, unset: NoInfer<T>, choices: readonly T[]): z.ZodType<T> {
  return z.enum(choices).register(variables, { name, default: unset, allowed: anyOf(choices) });
}

export function url(name: string, unset: Unset, protocols: readonly string[]): z.ZodType<URL> {
  const { allowed, isAllowed } = urlsOf(protocols);
  return parsed({ name, ...whenUnset(unset), allowed }, (value) => new URL(value), isAllowed);
}

export function optionalUrl(name: string, protocols: readonly string[]): z.ZodType<URL | undefined> {
  const { allowed, isAllowed } = urlsOf(protocols);
  return z
    .string()
    .optional()
    .refine((value) => value === undefined || isAllowed(value))
    .transform((value) => (value === undefined ? undefined : new URL(value)))
    .register(variables, { name, allowed });
}

function urlsOf(protocols: readonly string[]): { allowed: string; isAllowed: (value: string) => boolean } {
  return {
    allowed: `a URL that starts with ${anyOf(protocols.map((protocol) => `${protocol}//`))}`,
    isAllowed: (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
  };
}

function parsed<T>(
  variable: Variable,
  parse: (value: string) => T,
  isAllowed: (value: string) => boolean = () => true,
): z.ZodType<T> {
  return z.string().refine(isAllowed).transform(parse).register(variables, variable);
}

function whenUnset(unset: Unset): { readonly default: string } | { readonly required: string } {
  return typeof unset === 'string' ? { default: unset } : unset;
}

function anyOf(choices: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(choices);
}
