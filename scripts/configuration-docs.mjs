// `npm run docs:configuration`: writes the table of docs/configuration.md from the schema in libs/config
import { readFile, writeFile } from 'node:fs/promises';
import { withConfigurationTable } from '@app/config';

const PAGE = new URL('../docs/configuration.md', import.meta.url);

await writeFile(PAGE, withConfigurationTable(await readFile(PAGE, 'utf8')));
