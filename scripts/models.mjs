// `npm run models -- get NAME | list | verify | import FILE …`: manages the models on this machine
import { main } from './support/fail.mjs';
import { modelsCommand } from './setup/model.mjs';
import { engineProfile, installEngine } from './setup/python-environment.mjs';

await main(async () => {
  await installEngine(await engineProfile());
  const { code } = await modelsCommand(process.argv.slice(2), { asks: true });
  process.exitCode = code;
});
