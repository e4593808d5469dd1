// lets a child process of a spec run our TypeScript as it stands: node --import ./test/support/typescript.mjs file.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
