import type { IncomingMessage, ServerResponse } from 'node:http';

/** What goes wrong between a server and its store. */
export const STORE_FAULTS = [
  'answers 500',
  'answers SlowDown',
  'reset while sending',
  'reset while answering',
  'short answer',
  'keeps less than sent',
  'error inside a 200',
  'answer lost',
  'no answer',
] as const;
export type StoreFault = (typeof STORE_FAULTS)[number];

/** Whether a real store could do this to the call. Other calls pass. */
export function concerns(fault: StoreFault, call: IncomingMessage): boolean {
  switch (fault) {
    case 'short answer':
      return call.method === 'GET' && isObject(call);
    case 'keeps less than sent':
      return call.method === 'PUT' && isObject(call) && !isCopy(call) && bodyLength(call) > 1;
    // real stores send the head before a long copy or completion has ended
    case 'error inside a 200':
      return (
        isObject(call) &&
        (call.method === 'PUT' || (call.method === 'POST' && call.url?.includes('uploadId=') === true))
      );
    default:
      return true;
  }
}

/** Answers with an error document of S3. */
export function answerError(call: IncomingMessage, answer: ServerResponse, status: number, code: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>a drill</Message></Error>`;
  call.resume().on('end', () => {
    answer.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
    answer.end(call.method === 'HEAD' ? undefined : body);
  });
}

export function bodyLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

/** `/bucket/key`, not the bucket or the server itself */
function isObject({ url = '/' }: IncomingMessage): boolean {
  return /^\/[^/?]+\/[^?]/.test(url);
}

function isCopy({ headers }: IncomingMessage): boolean {
  return headers['x-amz-copy-source'] !== undefined;
}
