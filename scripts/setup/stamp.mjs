// remembers the inputs a step last ran with, to skip it while they stay the same
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root } from '../support/paths.mjs';

/** Digest of the names and contents of files and folders, without specs. */
export function digestOf(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== 'node_modules' && !name.startsWith('.') && !name.endsWith('.spec.ts')) add(join(path, name));
      }
    } else hash.update(relative(root, path)).update(readFileSync(path));
  };
  paths.forEach(add);
  return hash.digest('hex');
}

export function isStamped(file, digest) {
  try {
    return readFileSync(file, 'utf8') === digest;
  } catch {
    return false;
  }
}

export function stamp(file, digest) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, digest);
}
