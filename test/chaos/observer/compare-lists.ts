import type { SeparationPage } from '@app/separations';
import { ApiClient } from '../../support/service/api-client.js';
import { keyOf, type DrillService } from '../service/drill-service.js';
import type { Violations } from '../violations.js';

/** Every owner's list holds what is stored of him, and nothing else; both rest-servers say so. */
export async function compareLists(
  service: DrillService,
  owners: ReadonlyMap<string, ReadonlySet<string>>,
  violations: Violations,
): Promise<void> {
  for (const { url, name } of service.apis) {
    for (const [owner, stored] of owners) {
      const listed = await listAll(new ApiClient(url, keyOf(owner)));
      const missing = [...stored].filter((id) => !listed.has(id));
      const surplus = [...listed].filter((id) => !stored.has(id));
      violations.expect(missing.length === 0, 'lists', `${name} does not list ${missing.join(', ')} of ${owner}`);
      violations.expect(surplus.length === 0, 'lists', `${name} lists ${surplus.join(', ')} of ${owner}`);
    }
  }
}

async function listAll(client: ApiClient): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const place: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await client.json<SeparationPage>(`/v1/separations?limit=100${place}`);
    for (const { id } of body.separations) ids.add(id);
    cursor = body.nextCursor;
  }
  return ids;
}
