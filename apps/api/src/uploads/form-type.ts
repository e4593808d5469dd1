import type { IncomingMessage } from 'node:http';
import { MIMEType } from 'node:util';
import { malformed } from './upload-problems.js';

/** the standard allows 70 letters, and fewer kinds */
const USABLE = /^[ -~]{1,200}$/;

/** The line between the parts of a form. @throws ProblemError malformed_upload for a form without one */
export function boundaryOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const boundary = parsed(headers['content-type'])?.params.get('boundary') ?? '';
  if (boundary === '') throw malformed('The Content-Type has no boundary.');
  if (!USABLE.test(boundary)) throw malformed('The boundary is not ASCII, or longer than 200 letters.');
  return boundary;
}

/** The Content-Type of a form with this boundary. */
export function formType(boundary: string): string {
  return `multipart/form-data; boundary="${boundary.replaceAll(/["\\]/g, '\\$&')}"`;
}

function parsed(contentType = ''): MIMEType | undefined {
  try {
    return new MIMEType(contentType);
  } catch {
    return undefined;
  }
}
