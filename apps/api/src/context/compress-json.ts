import compression from 'compression';
import type { Request, RequestHandler, Response } from 'express';

/** smaller answers fit in one packet anyway */
const THRESHOLD_BYTES = 1024;

/** Compresses JSON. Audio is compressed already, and a strong ETag and ranges are of the bytes as they are stored. */
export function compressJson(): RequestHandler {
  return compression({ threshold: THRESHOLD_BYTES, filter: isPlainJson });
}

function isPlainJson(_request: Request, response: Response): boolean {
  const type = response.getHeader('Content-Type');
  return typeof type === 'string' && /^application\/(problem\+)?json\b/.test(type) && !response.hasHeader('ETag');
}
