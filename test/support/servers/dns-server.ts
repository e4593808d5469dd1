// a name server whose answers a spec changes.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { nameResolver, type Resolve } from '@app/outbound';

const TYPE_A = 1;
const HEADER_BYTES = 12;
const NO_SUCH_NAME = 3;

export interface DnsServer {
  /** the names whose IPv4 addresses were asked for, one entry for each question */
  readonly questions: readonly string[];
  /** asks this server, which knows IPv4 addresses */
  readonly resolve: Resolve;
  /** The addresses of a name from now on; one entry for each question, the last for all that follow. */
  answer(name: string, ...answers: readonly string[]): void;
  /** Questions for this name get no reply from now on. */
  ignore(name: string): void;
  close(): Promise<void>;
}

export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const answers = new Map<string, string[]>();
  const silent = new Set<string>();
  const questions: string[] = [];
  socket.on('message', (query, { address, port }) => {
    const { name, end } = readName(query);
    const isForIpv4 = query.readUInt16BE(end) === TYPE_A;
    if (isForIpv4) questions.push(name);
    if (silent.has(name)) return;
    const left = answers.get(name) ?? [];
    const found = isForIpv4 && left.length > 1 ? left.shift() : left[0];
    socket.send(reply(query.subarray(0, end + 4), isForIpv4 ? found : undefined), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    questions,
    resolve: nameResolver([`127.0.0.1:${socket.address().port}`]),
    answer: (name, ...given) => answers.set(name, [...given]),
    ignore: (name) => silent.add(name),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** RFC 1035: the question again, and one address that may not be remembered */
function reply(question: Buffer, address: string | undefined): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 + (address === undefined ? NO_SUCH_NAME : 0), 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  if (address === undefined) return head;
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]);
  return Buffer.concat([head, record, Buffer.from(address.split('.').map(Number))]);
}
