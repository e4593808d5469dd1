import { ConfigError } from './config.error.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as one that is not set: charts and shells set empty ones. */
export function text(env: Environment, name: string): string | undefined;
export function text(env: Environment, name: string, fallback: string): string;
export function text(env: Environment, name: string, fallback?: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? fallback : value;
}

export function required(env: Environment, name: string, because: string): string {
  const value = text(env, name);
  if (value === undefined) throw new ConfigError(name, `must be set ${because}`);
  return value;
}

/** A whole number in decimal digits within the range, both ends included. */
export function integer(env: Environment, name: string, fallback: number, range: { min: number; max: number }): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= range.min && number <= range.max)) {
    throw new ConfigError(name, `must be a whole number from ${range.min} to ${range.max}`);
  }
  return number;
}

export function oneOf<T extends string>(env: Environment, name: string, fallback: T, allowed: readonly T[]): T {
  const value = text(env, name);
  if (value === undefined) return fallback;
  const match = allowed.find((candidate) => candidate === value);
  if (match === undefined) throw new ConfigError(name, `must be one of ${allowed.join(', ')}`);
  return match;
}

/** @throws ConfigError when it is no URL with one of the protocols (`http:`). */
export function url(env: Environment, name: string, fallback: string, protocols: readonly string[]): URL {
  const value = text(env, name, fallback);
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
    throw new ConfigError(name, `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
  }
  return new URL(value);
}

export function list(env: Environment, name: string): readonly string[] {
  return (text(env, name) ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
