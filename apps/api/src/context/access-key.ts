import { SCOPES, type Scope } from '@app/separations';

export interface AccessKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** songs in the queue that it gets for each song of a key with weight 1; 1 to 10 */
  readonly weight: number;
  /** milliseconds since 1970; undefined for a key that does not expire */
  readonly expiresAt?: number;
}

/** of a key that names none */
const EVERYDAY: readonly Scope[] = ['read', 'separate', 'delete'];
const DAY_MS = 24 * 3600 * 1000;

export function mayDo({ scopes }: AccessKey, scope: Scope): boolean {
  return scopes.includes('admin') || scopes.includes(scope);
}

export function hasExpired({ expiresAt }: AccessKey, now = Date.now()): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/**
 * Parses what follows a key's hash, such as ` scopes=read,separate weight=2 expires=2027-01-31`. Returns undefined for a text of
 * another form: a key must not do more than its line says.
 */
export function parseKeyOptions(name: string, text: string): AccessKey | undefined {
  let key: AccessKey = { name, scopes: EVERYDAY, weight: 1 };
  for (const option of text.split(/[ \t]+/).filter((one) => one !== '')) {
    const [, field = '', value = ''] = /^(scopes|weight|expires)=(\S+)$/.exec(option) ?? [];
    if (field === 'scopes') {
      const scopes = value.split(',');
      if (!scopes.every(isScope)) return undefined;
      key = { ...key, scopes };
    } else if (field === 'weight') {
      if (!/^([1-9]|10)$/.test(value)) return undefined;
      key = { ...key, weight: Number(value) };
    } else if (field === 'expires') {
      const expiresAt = parseExpiry(value);
      if (Number.isNaN(expiresAt)) return undefined;
      key = { ...key, expiresAt };
    } else return undefined;
  }
  return key;
}

function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value);
}

/** A day counts to its end, in UTC. @returns milliseconds since 1970; NaN for a text of another form */
function parseExpiry(text: string): number {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?Z)?$/.exec(text) ?? [];
  const start = day === undefined ? Number.NaN : Date.parse(day);
  // Date takes 31 February for a day in March
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return Number.NaN;
  return time === undefined ? start + DAY_MS : Date.parse(text);
}
