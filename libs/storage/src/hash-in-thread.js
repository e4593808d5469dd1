// @ts-check
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/**
 * @typedef {object} FileDigest
 * @property {string} sha256 lower-case hex
 * @property {number} bytes
 */

const BLOCK_BYTES = 256 * 1024;

/**
 * Gives way after each block: a file of a long song takes most of a second.
 * @param {string} path
 * @param {import('@app/processes').GiveWay} giveWay
 * @returns {Promise<FileDigest>}
 */
export default async function hashInThread(path, giveWay) {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const file = openSync(path, 'r');
  try {
    let bytes = 0;
    for (;;) {
      const read = readSync(file, block, 0, block.length, null);
      if (read === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(block.subarray(0, read));
      bytes += read;
      await giveWay();
    }
  } finally {
    closeSync(file);
  }
}
