import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const IS_PUBLIC = 'isPublic';

/** For what needs no key and is not counted: health and the page. */
export function Public(): CustomDecorator {
  return SetMetadata(IS_PUBLIC, true);
}
