import { createServer } from 'node:net';
import { PlainError } from '../support/fail.mjs';

/** Listens for a moment; gives the port, or undefined when it is taken. Port 0 takes a free one. */
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
    throw new PlainError(
      `${host}:${port} cannot be listened on (${error.code}): set HOST or ${variable} to another one.`,
    );
  });
  if (found !== undefined) return;
  const other = port + 10;
  throw new PlainError(
    `Port ${port} is taken: end what uses it, or choose another one, for example ${variable}=${other} npm start.`,
  );
}
