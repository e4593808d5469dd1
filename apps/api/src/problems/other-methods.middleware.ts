import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { requestIdOf } from '../context/api-request.js';
import { ProblemError } from './problem.error.js';
import { sendProblem } from './problem.filter.js';

/** A request, and the methods of the routes that its path matches. */
interface MatchedRequest extends Request {
  allowedMethods?: Set<string>;
}

/** what an express application tells of its routes */
interface Routed {
  readonly router: Pick<Router, 'stack'>;
}

/**
 * Answers 405 with Allow to a method that a path does not have, TRACE included, and OPTIONS with Allow alone. The framework
 * itself answers 404, as if there were no such path.
 */
export function refuseOtherMethods(app: Routed): RequestHandler {
  let methods: Router | undefined;
  return (request, response, next) => {
    // at the first call: all routes are there
    methods ??= methodsOf(app);
    methods(request, response, next);
  };
}

function methodsOf({ router: { stack } }: Routed): Router {
  const table = Router();
  for (const { route } of stack) {
    // middleware has no method
    const methods = route?.stack.flatMap(({ method }: { method?: string }) => method ?? []) ?? [];
    if (route === undefined || methods.length === 0) continue;
    table.all(route.path, (request: MatchedRequest, _response, next) => {
      request.allowedMethods ??= new Set();
      for (const method of methods) request.allowedMethods.add(method.toUpperCase());
      next();
    });
  }
  return table.use(decide);
}

function decide(request: MatchedRequest, response: Response, next: NextFunction): void {
  const { allowedMethods, method } = request;
  if (allowedMethods === undefined || allowedMethods.has(method)) {
    next();
    return;
  }
  if (allowedMethods.has('GET')) {
    if (method === 'HEAD') {
      next();
      return;
    }
    allowedMethods.add('HEAD');
  }
  const allow = [...allowedMethods, 'OPTIONS'].sort().join(', ');
  if (method === 'OPTIONS') response.status(204).set('Allow', allow).end();
  else {
    const problem = new ProblemError('method_not_allowed', `Allowed here: ${allow}.`, { headers: { Allow: allow } });
    sendProblem(response, problem, requestIdOf(request));
  }
}
