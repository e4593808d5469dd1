import { once } from 'node:events';
import { connect } from 'node:net';
import { patient } from '../patience.js';

export interface RawAnswer {
  readonly status: number;
  /** in lower case */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** everything the server sent, interim responses included */
  readonly text: string;
}

/** Sends bytes that no HTTP client would, and reads until the server closes the connection. */
export async function rawCall(port: number, request: string): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.write(request, 'latin1');
  try {
    await once(socket, 'close', { signal: AbortSignal.timeout(patient(10_000)) });
  } finally {
    socket.destroy();
  }
  return parsed(text);
}

function parsed(text: string): RawAnswer {
  const last = text.replace(/^(HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)+/, '');
  const end = last.indexOf('\r\n\r\n');
  const [line = '', ...fields] = last.slice(0, end).split('\r\n');
  const headers = fields.map((field): [string, string] => {
    const [name = '', ...value] = field.split(':');
    return [name.toLowerCase(), value.join(':').trim()];
  });
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: last.slice(end + 4),
    text,
  };
}
