import { describe, expect, it } from '@jest/globals';
import { listPattern, listedNames } from './lists.js';

describe(listedNames.name, () => {
  it.each([
    ['vocals', ['vocals']],
    [' vocals , drums', ['vocals', 'drums']],
    [',, vocals,,drums ,', ['vocals', 'drums']],
  ])('reads %j, which the pattern allows', (list, names) => {
    expect(listedNames(list)).toEqual(names);
    expect(list).toMatch(new RegExp(listPattern()));
  });

  it.each(['', ' , ', 'a b', '\tvocals', 'vocals;drums', 'ä'])(
    'names nothing known in %j, which it forbids',
    (list) => {
      expect(listedNames(list)).not.toContain('vocals');
      expect(list).not.toMatch(new RegExp(listPattern()));
    },
  );
});
