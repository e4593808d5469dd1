import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const IS_PUBLIC = 'isPublic';

/** Marks a call that needs no key and has no rate limit, such as the page. */
export function Public(): CustomDecorator {
  return SetMetadata(IS_PUBLIC, true);
}
