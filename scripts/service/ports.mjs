import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PlainError } from '../support/fail.mjs';

// no system gives these to outgoing connections, which could take a free port before its server does
const [FIRST, END] = [16_384, 32_768];

/** Listens for a moment. Returns the port, or undefined if it is taken. */
function tryPort(host, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ host, port, exclusive: true }, () => {
      const taken = server.address().port;
      server.close(() => resolve(taken));
    });
  });
}

export async function freePort(host) {
  let port;
  while (port === undefined) port = await tryPort(host, randomInt(FIRST, END));
  return port;
}

export async function mustBeFree(host, port, variable) {
  const found = await tryPort(host, port).catch((error) => {
    throw new PlainError(`Cannot listen on ${host}:${port} (${error.code}). Set HOST or ${variable} to another value.`);
  });
  if (found !== undefined) return;
  const other = port + 10;
  throw new PlainError(
    `Port ${port} is in use. Stop the program that uses it, or choose another port: ${variable}=${other} npm start`,
  );
}
