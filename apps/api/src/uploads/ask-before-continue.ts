import type { Server } from 'node:http';
import type { Response } from 'express';
import { refuseExpectation } from '../problems/unreadable-requests.js';
import type { ApiRequest } from '../context/api-request.js';

/**
 * Makes a client that asks first (`Expect: 100-continue`) wait for the checks. Node would tell it to send before the
 * key, the limits and the queue were looked at.
 */
export function askBeforeContinue(server: Server): void {
  server.on('checkContinue', (request: ApiRequest, response: Response) => {
    request.letContinue = () => {
      request.letContinue = undefined;
      response.writeContinue();
    };
    server.emit('request', request, response);
  });
  server.on('checkExpectation', refuseExpectation);
}
