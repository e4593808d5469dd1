import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { errorCode } from '@app/processes';

export type Encoding = 'br' | 'gzip' | 'identity';

export interface PageFile {
  readonly contentType: string;
  readonly etag: string;
  readonly bodies: Readonly<Partial<Record<Encoding, Buffer>>> & { readonly identity: Buffer };
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.mp3': 'audio/mpeg',
  '.wasm': 'application/wasm',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** files worth compressing */
const COMPRESSED = ['.html', '.js', '.css', '.svg', '.wasm', '.webmanifest'];

/** Reads the built page into memory, by its paths. Returns undefined when it was not built. */
export async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile> | undefined> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter((entry) => entry.isFile() && extname(entry.name) in CONTENT_TYPES);
  if (files.length === 0) return undefined;
  const read = files.map(async ({ name, parentPath }): Promise<[string, PageFile]> => {
    const bytes = await readFile(join(parentPath, name));
    return [relative(folder, join(parentPath, name)), await pageFile(name, bytes)];
  });
  return new Map(await Promise.all(read));
}

export async function pageFile(name: string, identity: Buffer): Promise<PageFile> {
  const extension = extname(name);
  const etag = `"${createHash('sha256').update(identity).digest('hex').slice(0, 32)}"`;
  const contentType = CONTENT_TYPES[extension] ?? 'application/octet-stream';
  if (!COMPRESSED.includes(extension)) return { contentType, etag, bodies: { identity } };
  const [br, gzipped] = await Promise.all([promisify(brotliCompress)(identity), promisify(gzip)(identity)]);
  return { contentType, etag, bodies: { br, gzip: gzipped, identity } };
}
