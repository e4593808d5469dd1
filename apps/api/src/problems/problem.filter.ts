import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { describeProblem } from '@app/separations';
import type { Response } from 'express';
import { requestIdOf, type ApiRequest } from '../context/api-request.js';
import type { ProblemError } from './problem.error.js';
import { toProblem } from './to-problem.js';

/** Answers every error as `application/problem+json` (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const response = http.getResponse<Response>();
    if (response.destroyed) {
      this.logger.debug(`${request.method} ${request.path}: the client has gone`);
      return;
    }
    const problem = toProblem(error);
    this.log(problem, request);
    // too late for an error: the client sees a truncated response
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
  response
    .status(problem.status)
    .set({ 'Cache-Control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    .send(JSON.stringify({ ...describeProblem(problem.code, problem.detail), requestId, ...problem.extras }));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
