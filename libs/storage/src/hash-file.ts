import { runInThread, type ThreadTools } from '@app/processes';

export interface FileDigest {
  /** lower-case hex */
  readonly sha256: string;
  readonly bytes: number;
}

/** Computes a file's sha256 and length with one small buffer, in a thread: a long song has a gigabyte of files. */
export function hashFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  return runInThread(hashOf, path, signal);
}

/** Runs from its source text in a thread, so it must not use anything outside itself. */
function hashOf(path: string, { crypto, fs }: ThreadTools): FileDigest {
  const hash = crypto.createHash('sha256');
  const block = Buffer.allocUnsafe(128 * 1024);
  const file = fs.openSync(path, 'r');
  try {
    let bytes = 0;
    for (;;) {
      const read = fs.readSync(file, block, 0, block.length, null);
      if (read === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(block.subarray(0, read));
      bytes += read;
    }
  } finally {
    fs.closeSync(file);
  }
}
