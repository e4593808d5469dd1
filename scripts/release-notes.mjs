// `node scripts/release-notes.mjs v1.2.3`: prints the changelog's section of the version, or says why it cannot be released
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlainError, main } from './support/fail.mjs';
import { root, version } from './support/paths.mjs';

await main(async () => {
  const [tag] = process.argv.slice(2);
  if (tag !== `v${version}`) throw new PlainError(`The tag is ${tag}, but package.json has version ${version}.`);
  const sections = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m);
  const section = sections.find((text) => text.split(/\s/, 1)[0] === version);
  if (section === undefined) throw new PlainError(`CHANGELOG.md has no section ${version}.`);
  const [heading, ...notes] = section.split('\n');
  if (heading.includes('unreleased'))
    throw new PlainError(`Put the date of the release into the heading: ## ${heading}`);
  console.log(notes.join('\n').trim());
});
