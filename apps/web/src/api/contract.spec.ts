import { describe, expect, it } from '@jest/globals';
import { CONTENT_TYPES } from '@app/audio';
import { extensionOf } from '../../../../libs/audio/src/extensions.js';
import { CONTAINERS } from './contract.js';

describe('CONTAINERS', () => {
  it.each(Object.entries(CONTAINERS))('has the extension and the content type of the server for %s', (name, entry) => {
    const extension = extensionOf(name);
    expect(entry.extensions[0]).toBe(extension);
    expect(entry.contentType).toBe(CONTENT_TYPES[extension]);
  });

  it('has every container of the server', () => {
    const extensions = Object.values(CONTAINERS).map((entry) => entry.extensions[0]);
    expect(extensions.sort()).toEqual(Object.keys(CONTENT_TYPES).sort());
  });
});
