// `npm run separate -- PATH... [options]`: the command line of libs/client, built when its sources have changed
import { buildClient } from './setup/node-packages.mjs';
import { main } from './support/fail.mjs';

await main(async () => {
  // npm changes to the folder of the package
  const here = process.env.INIT_CWD ?? process.cwd();
  const folder = await buildClient();
  process.chdir(here);
  await import(new URL('cli/main.js', folder).href);
});
