/** How names look in a comma-separated list. A stem of any other name can still be downloaded on its own. */
const NAME = '[A-Za-z0-9_-]{1,100}';

/** The names of a comma-separated list. Spaces around them and empty places do not count. */
export function listedNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.replace(/^ +| +$/g, ''))
    .filter((name) => name !== '');
}

/** The pattern of lists that name something. @param name a pattern of one name */
export function listPattern(name = NAME): string {
  return `^[ ,]*${name}(?: *,[ ,]*${name})*[ ,]*$`;
}
