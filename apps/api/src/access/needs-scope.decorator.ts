import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Scope } from '@app/separations';

export const NEEDED_SCOPE = 'neededScope';

/** Names the scope of calls whose method tells another one. */
export function NeedsScope(scope: Scope): CustomDecorator {
  return SetMetadata(NEEDED_SCOPE, scope);
}
