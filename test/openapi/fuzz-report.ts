import { readFile } from 'node:fs/promises';
import { operationsOf, type OpenApi, type Operation } from '../../apps/api/src/docs/open-api.fixture.js';

interface Har {
  readonly log: { readonly entries: readonly Entry[] };
}

interface Entry {
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly status: number };
}

/** what a fuzzer can bring about at a service that works */
const REACHABLE = /^[23]\d\d$|^416$/;

/** The documented successes, redirects and refused ranges that no call of a HAR file met, as `operation status`. */
export async function unmetResponses(document: OpenApi, harFile: string): Promise<string[]> {
  const { entries } = (JSON.parse(await readFile(harFile, 'utf8')) as Har).log;
  return operationsOf(document).flatMap((operation) => {
    const met = statusesOf(operation, entries);
    const wanted = Object.keys(operation.responses).filter((status) => REACHABLE.test(status));
    return wanted.filter((status) => !met.has(status)).map((status) => `${operation.operationId} ${status}`);
  });
}

function statusesOf({ method, path }: Operation, entries: readonly Entry[]): Set<string> {
  const pattern = new RegExp(`^${path.replaceAll('.', '[.]').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
  const ofOperation = entries.filter(
    ({ request }) => request.method === method.toUpperCase() && pattern.test(new URL(request.url).pathname),
  );
  return new Set(ofOperation.map(({ response }) => String(response.status)));
}
