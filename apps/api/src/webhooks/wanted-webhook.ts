import { newWebhookSchema, WEBHOOK_EVENTS, type NewWebhook } from '@app/separations';
import { ProblemError } from '../problems/problem.error.js';

/** Checks what a client wants to register. @throws ProblemError with the code of the first wrong field */
export function wantedWebhook(body: unknown): NewWebhook {
  const { data, error } = newWebhookSchema.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((name) => `"${name.slice(0, 100)}"`).join(', ');
    throw new ProblemError('unknown_field', `Unknown field ${names}.`);
  }
  if (issue?.path[0] === 'events') {
    throw new ProblemError('unknown_event', `events must be a list of ${WEBHOOK_EVENTS.join(', ')}.`, {
      extras: { allowed: [...WEBHOOK_EVENTS] },
    });
  }
  if (issue?.path[0] === 'url') throw new ProblemError('invalid_url', 'url must be text.');
  throw new ProblemError('invalid_request', 'Send a JSON object with url and, if you like, events.');
}
