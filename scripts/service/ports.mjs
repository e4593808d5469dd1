import { createServer } from 'node:net';
import { PlainError } from '../support/fail.mjs';

/** Listens for a moment. Returns the port, or undefined if it is taken. Port 0 takes a free one. */
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

export const freePort = (host) => tryPort(host, 0);

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
