// runs TypeScript without checking its types: node --import ./scripts/support/typescript.mjs file.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
