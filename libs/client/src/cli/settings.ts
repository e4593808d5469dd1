import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Format } from '../paths.js';
import type { SeparationOptions } from '../upload/upload.js';
import { PlainError } from './exit-codes.js';
import { USAGE } from './usage.js';

type Priority = NonNullable<SeparationOptions['priority']>;

/** What the command line and the environment ask for. */
export interface Settings {
  readonly paths: readonly string[];
  readonly out: string | undefined;
  readonly watch: boolean;
  readonly json: boolean;
  readonly server: string;
  readonly key: string | undefined;
  readonly options: SeparationOptions;
  /** undefined: the server's default. It is not a part of what the stems are */
  readonly priority: Priority | undefined;
  readonly atOnce: number;
  readonly settleMs: number;
  readonly pollMs: number;
}

const FORMATS: readonly Format[] = ['flac', 'mp3', 'wav'];
const PRIORITIES: readonly Priority[] = ['normal', 'low'];
const DEFAULT_SERVER = 'http://127.0.0.1:3000';
const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;

const OPTIONS = {
  out: TEXT,
  watch: FLAG,
  json: FLAG,
  server: TEXT,
  model: TEXT,
  stems: TEXT,
  formats: TEXT,
  overlap: TEXT,
  shifts: TEXT,
  track: TEXT,
  priority: TEXT,
  'at-once': TEXT,
  settle: TEXT,
  poll: TEXT,
  help: FLAG,
  version: FLAG,
} as const satisfies ParseArgsConfig['options'];

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws PlainError for arguments that are not understood */
export function readSettings(args: readonly string[], env: Environment): Settings | 'help' | 'version' {
  const parse = () => parseArgs({ args: withWatchOptions(args, env), options: OPTIONS, allowPositionals: true });
  const { values, positionals } = orUsage(parse);
  if (values.help === true) return 'help';
  if (values.version === true) return 'version';
  if (positionals.length === 0) throw new PlainError(`Name a song or a folder.\n\n${USAGE}`);
  const server = values.server ?? env['SEPARATION_SERVER'] ?? DEFAULT_SERVER;
  if (!['http:', 'https:'].includes(protocolOf(server))) throw new PlainError(`Not the address of a server: ${server}`);
  return {
    paths: positionals,
    out: values.out,
    watch: values.watch === true,
    json: values.json === true,
    server,
    key: env['SEPARATION_KEY'],
    options: optionsOf(values),
    priority: priorityOf(values.priority, values.watch === true),
    atOnce: whole('--at-once', values['at-once'] ?? '2', 1),
    settleMs: 1000 * amount('--settle', values.settle ?? '10', 0),
    pollMs: 1000 * amount('--poll', values.poll ?? '5', 0.05),
  };
}

/** A service that starts a watch hands on what the operator set. Arguments come later, and win. */
function withWatchOptions(args: readonly string[], { WATCH_OPTIONS = '' }: Environment): string[] {
  const added = args.includes('--watch') ? WATCH_OPTIONS.split(/\s+/) : [];
  return [...added.filter((one) => one !== ''), ...args];
}

/** Answers an unknown option with the usage. */
function orUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new PlainError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

type Values = Readonly<Partial<Record<'model' | 'stems' | 'formats' | 'overlap' | 'shifts' | 'track', string>>>;

/** The server checks the rest: it knows its models and its ranges. */
function optionsOf({ model, stems, formats, overlap, shifts, track }: Values): SeparationOptions {
  return {
    ...(model !== undefined && { model }),
    ...(stems !== undefined && { stems: names(stems) }),
    ...(formats !== undefined && { formats: names(formats).map((name) => oneOf('--formats', name, FORMATS)) }),
    ...(overlap !== undefined && { overlap: amount('--overlap', overlap, 0) }),
    ...(shifts !== undefined && { shifts: whole('--shifts', shifts, 0) }),
    ...(track !== undefined && { track: whole('--track', track, 1) }),
  };
}

/** A watch yields to songs that somebody waits for. */
function priorityOf(value: string | undefined, isWatch: boolean): Priority | undefined {
  if (value !== undefined) return oneOf('--priority', value, PRIORITIES);
  return isWatch ? 'low' : undefined;
}

function names(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}

function amount(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value !== '' && number >= least && Number.isFinite(number)) return number;
  throw new PlainError(`${name} must be a number of at least ${least}, not ${value}.`);
}

function whole(name: string, value: string, least: number): number {
  if (Number.isInteger(amount(name, value, least))) return Number(value);
  throw new PlainError(`${name} must be a whole number, not ${value}.`);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new PlainError(`${name} takes ${allowed.join(', ')}, not ${value === '' ? 'an empty name' : value}.`);
}

function protocolOf(address: string): string {
  return URL.canParse(address) ? new URL(address).protocol : '';
}
