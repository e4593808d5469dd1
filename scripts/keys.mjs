// `npm run keys -- add NAME | revoke NAME | list`: manages the access keys of a server
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { main, PlainError } from './support/fail.mjs';

const SCOPES = ['read', 'separate', 'delete', 'admin'];
const USAGE = `npm run keys -- add NAME [options]     makes a key and shows it, once
npm run keys -- revoke NAME            removes all keys of that name
npm run keys -- list                   shows names and rights, never keys
  --file FILE                the file of keys; default: API_KEYS_FILE
  --scopes read,separate     of ${SCOPES.join(', ')}; default: all but admin
  --weight 1                 songs for each song of a key with weight 1, from 1 to 10
  --expires 2027-01-31|90d   the last day (UTC), a time such as 2027-01-31T18:00Z, or days from now; default: never
  --hash PREFIX              revoke only the key whose hash begins so; \`list\` shows it`;
const DAY_MS = 24 * 3600 * 1000;
/** a lock that is older was left behind */
const STALE_MS = 60_000;

/** @type {{ type: 'string', multiple: false }} */
const TEXT = { type: 'string', multiple: false };
/** what each command takes besides `--file` */
const OPTIONS = new Map([
  ['add', ['scopes', 'weight', 'expires']],
  ['revoke', ['hash']],
  ['list', []],
]);

function readArguments() {
  const options = { file: TEXT, scopes: TEXT, weight: TEXT, expires: TEXT, hash: TEXT };
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [command = '', name, ...others] = positionals;
    const taken = OPTIONS.get(command);
    if (taken === undefined || (command === 'list') !== (name === undefined) || others.length > 0) {
      throw new PlainError(USAGE);
    }
    const foreign = Object.keys(values).find((option) => option !== 'file' && !taken.includes(option));
    if (foreign !== undefined) throw new PlainError(`"${command}" does not take --${foreign}.\n\n${USAGE}`);
    const file = values.file ?? process.env.API_KEYS_FILE;
    if (!file) throw new PlainError(`Name the file of keys with --file or API_KEYS_FILE.\n\n${USAGE}`);
    return { command, name, file, values };
  } catch (error) {
    throw error instanceof PlainError ? error : new PlainError(`${error.message}\n\n${USAGE}`);
  }
}

async function add(file, name, { scopes, weight, expires }) {
  if (!/^(@unowned|[A-Za-z0-9._-]{1,64})$/.test(name)) {
    throw new PlainError(`"${name}" is no name: use up to 64 of A-Z a-z 0-9 . _ - or @unowned.`);
  }
  const options = [
    ...(scopes === undefined ? [] : [`scopes=${mustBeScopes(scopes)}`]),
    ...(weight === undefined ? [] : [`weight=${mustBeWeight(weight)}`]),
    ...(expires === undefined ? [] : [`expires=${mustBeExpiry(expires)}`]),
  ];
  const key = randomBytes(24).toString('hex');
  const hash = createHash('sha256').update(key).digest('hex');
  const before = await textOf(file);
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  const line = [`${name}:${hash}`, ...options].join(' ');
  await appendFile(file, `${gap}${line}\n`, { mode: 0o600 });
  await mustHold(file, `${before}${gap}${line}\n`);
  console.error(`Added a key for ${name}. Keep it: only its hash is stored.`);
  console.log(key);
}

async function revoke(file, name, { hash = '' }) {
  const lines = (await textOf(file)).split('\n');
  const isRevoked = (line) => {
    const key = parse(line);
    return key?.name === name && key.hash.startsWith(hash.toLowerCase());
  };
  const kept = lines.filter((line) => !isRevoked(line));
  const count = lines.length - kept.length;
  const which = hash === '' ? '' : ` whose hash begins with ${hash}`;
  if (count === 0) throw new PlainError(`There is no key of ${name}${which} in ${file}.`);
  // in place: a container that has the file mounted would not see another file of that name
  await writeFile(file, kept.join('\n'));
  await mustHold(file, kept.join('\n'));
  console.error(`Revoked ${count} key${count === 1 ? '' : 's'} of ${name}. They stop working within two seconds.`);
}

async function list(file) {
  const keys = (await textOf(file)).split('\n').flatMap((line) => parse(line) ?? []);
  for (const { name, hash, options } of keys) console.log([name, hash.slice(0, 8), ...options].join('  '));
  if (keys.length === 0) console.error(`${file} has no keys.`);
}

/** Does work that reads and writes a file, while no other run does. */
async function exclusively(file, work) {
  const lock = `${file}.lock`;
  for (;;) {
    const opened = await open(lock, 'wx').catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (opened !== undefined) {
      await opened.close();
      break;
    }
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(lock, { force: true });
    else await pause(50);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/** An editor knows nothing of the lock. */
async function mustHold(file, text) {
  if ((await textOf(file)) === text) return;
  throw new PlainError(`${file} was changed by another program at the same time. Look at it, and try again.`);
}

/** @returns {Promise<string>} empty for a file that is not there */
async function textOf(file) {
  return readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

function parse(line) {
  const [, name, hash, options] = /^\s*([^\s:#]+):([0-9a-fA-F]{64})(\s.*)?$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  return { name, hash: hash.toLowerCase(), options: (options ?? '').split(/\s+/).filter((one) => one !== '') };
}

function mustBeScopes(text) {
  const unknown = text.split(',').find((scope) => !SCOPES.includes(scope));
  if (unknown === undefined) return text;
  throw new PlainError(`There is no scope "${unknown}". Allowed: ${SCOPES.join(', ')}.`);
}

function mustBeWeight(text) {
  if (/^([1-9]|10)$/.test(text)) return text;
  throw new PlainError(`--weight must be a whole number from 1 to 10, not "${text}".`);
}

/** The last day, or a time, as the server reads it (see parseExpiry in apps/api/src/context/access-key.ts). */
function mustBeExpiry(text) {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days !== undefined) return new Date(Date.now() + Number(days) * DAY_MS).toISOString().slice(0, 10);
  const [, day = '', time] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?Z)?$/.exec(text) ?? [];
  const end = time === undefined ? Date.parse(day) + DAY_MS : Date.parse(text);
  if (Number.isNaN(end) || !isInCalendar(day)) {
    const forms = 'a day such as 2027-01-31, a time such as 2027-01-31T18:00Z, or 90d';
    throw new PlainError(`--expires must be ${forms}, not "${text}".`);
  }
  if (end <= Date.now()) throw new PlainError(`--expires ${text} is over.`);
  return text;
}

/** Whether there is such a day: Date takes 31 February for a day in March. */
function isInCalendar(day) {
  const start = Date.parse(day);
  return !Number.isNaN(start) && new Date(start).toISOString().slice(0, 10) === day;
}

await main(async () => {
  const { command, name, file, values } = readArguments();
  if (command === 'list') await list(file);
  else if (command === 'add') await exclusively(file, () => add(file, name, values));
  else await exclusively(file, () => revoke(file, name, values));
});
