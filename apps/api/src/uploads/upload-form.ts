import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { ProblemError } from '../problems/problem.error.js';
import { formType } from './form-type.js';
import type { StoreFile, UploadForm } from './song-form.js';
import { FILE_FIELD, fileTooLarge, malformed, missingFile, tooManyFiles } from './upload-problems.js';

const MAX_FIELDS = 20;
/** a link is the longest */
const MAX_FIELD_BYTES = 2048;
const MAX_NAME_LENGTH = 100;
/** the file, the fields, and one for a client that adds a part of its own */
const MAX_PARTS = MAX_FIELDS + 2;

/**
 * Reads a multipart form of short text fields, in any order, and one file.
 * The first error ends it; the parser itself limits the headers of a part to 16 kB.
 */
export async function readUploadForm<Stored>(
  body: Readable,
  boundary: string,
  maxFileBytes: number,
  store: StoreFile<Stored>,
): Promise<UploadForm<Stored>> {
  const fields = new Map<string, string>();
  const files: Promise<Stored>[] = [];
  const form = busboy({
    headers: { 'content-type': formType(boundary) },
    // as the filter of part headers writes them
    defParamCharset: 'utf8',
    limits: {
      files: 1,
      fields: MAX_FIELDS,
      // busboy reports these three when they are reached, not passed
      fileSize: maxFileBytes + 1,
      fieldSize: MAX_FIELD_BYTES + 1,
      parts: MAX_PARTS + 1,
    },
  });
  const refuse = (reason: Error): void => {
    // busboy crashes when one of its own events destroys it
    process.nextTick(() => form.destroy(reason));
  };
  form.on('field', (name: string | undefined, value, { valueTruncated }) => {
    if (!isFieldName(name)) refuse(malformed('A field has no name, or one that is too long.'));
    // empty: a file input in which nothing was chosen
    else if (name === FILE_FIELD && value !== '') refuse(missingFile());
    else if (name.endsWith('[]')) refuse(listField(name));
    else if (valueTruncated) refuse(malformed(`Field "${name}" is longer than ${MAX_FIELD_BYTES} bytes.`));
    else if (fields.has(name)) refuse(new ProblemError('invalid_request', `Field "${name}" is listed twice.`));
    else fields.set(name, value);
  });
  form.on('file', (name: string | undefined, file, { filename = '' }) => {
    // a form that fails destroys its file; without a listener that would end the process
    file.on('error', () => undefined);
    if (!isFieldName(name)) refuse(malformed('A file has no field name, or one that is too long.'));
    else if (filename === '') file.resume();
    else if (name !== FILE_FIELD) refuse(new ProblemError('unknown_field', `Send the file as field "${FILE_FIELD}".`));
    else {
      file.once('limit', () => {
        refuse(fileTooLarge(maxFileBytes));
      });
      const stored = store(file, unescaped(filename));
      stored.catch(refuse);
      files.push(stored);
    }
  });
  form.once('filesLimit', () => {
    refuse(tooManyFiles());
  });
  form.once('fieldsLimit', () => {
    refuse(malformed(`The form has more than ${MAX_FIELDS} fields.`));
  });
  form.once('partsLimit', () => {
    refuse(malformed(`The form has more than ${MAX_PARTS} parts.`));
  });
  await pipeline(body, form);
  const [file] = await Promise.all(files);
  return { fields: Object.fromEntries(fields), file };
}

function listField(name: string): ProblemError {
  const detail = `Unknown field "${name}". Send "${name.slice(0, -2)}" once, its values separated by commas.`;
  return new ProblemError('unknown_field', detail);
}

function isFieldName(name: string | undefined): name is string {
  return name !== undefined && name.length <= MAX_NAME_LENGTH;
}

/** Browsers escape just these three characters (HTML standard, multipart/form-data). */
function unescaped(fileName: string): string {
  return fileName.replace(/%(?:0A|0D|22)/gi, decodeURIComponent);
}
