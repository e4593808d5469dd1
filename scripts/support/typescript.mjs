// runs our TypeScript as it stands, without its types being checked: node --import ./scripts/support/typescript.mjs file.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
