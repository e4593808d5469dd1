import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Scope } from '@app/separations';

export const NEEDED_SCOPES = 'neededScopes';

/** Names the scopes of calls whose method tells others. A key needs all of them. */
export function NeedsScope(...scopes: readonly Scope[]): CustomDecorator {
  return SetMetadata(NEEDED_SCOPES, scopes);
}
