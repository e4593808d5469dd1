import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { requestIdOf, type ApiRequest } from '../context/api-request.js';
import { PROBLEMS } from './problem-codes.js';
import type { ProblemError } from './problem.error.js';
import { toProblem } from './to-problem.js';

/** Answers every error as RFC 9457 `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const response = http.getResponse<Response>();
    if (response.destroyed) {
      // whoever asked is not there to be answered, and nothing is wrong with the server
      this.logger.debug(`${request.method} ${request.path}: the client has gone`);
      return;
    }
    const problem = toProblem(error);
    this.log(problem, request);
    // a body that has begun cannot become an error: the client sees a cut-off answer
    if (response.headersSent) response.destroy();
    else if (!response.writableEnded) sendProblem(response, problem, requestIdOf(request));
  }

  private log(problem: ProblemError, request: ApiRequest): void {
    if (problem.status < 500) return;
    const cause = problem.cause instanceof Error ? (problem.cause.stack ?? problem.cause.message) : undefined;
    const line = `${request.method} ${request.path} answered ${problem.status} ${problem.code}`;
    if (problem.code === 'internal') this.logger.error(line, cause);
    else this.logger.warn(cause === undefined ? line : `${line}: ${firstLine(cause)}`);
  }
}

export function sendProblem(response: Response, problem: ProblemError, requestId: string): void {
  const { status, title } = PROBLEMS[problem.code];
  response
    .status(status)
    .set({ 'Cache-Control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:music-separation:problem:${problem.code}`,
        title,
        status,
        detail: problem.detail,
        code: problem.code,
        requestId,
        ...problem.extras,
      }),
    );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
