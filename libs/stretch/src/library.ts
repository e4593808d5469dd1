/** Signalsmith Stretch (MIT), compiled to WebAssembly, and the names that its functions have in there. */
export interface StretchLibrary {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly names: Readonly<Record<string, string>>;
}

/**
 * Finds the library in the source of the npm package `signalsmith-stretch`, which has it as text, wrapped for the main
 * thread of a browser.
 * @throws Error if it is not there: another version of the package may need other code
 */
export function findStretchLibrary(source: string): StretchLibrary {
  const text = /data:application\/octet-stream;base64,([A-Za-z0-9+/=]{1000,})/.exec(source)?.[1];
  const found = source.matchAll(/Module\["_(\w+)"\]=[^;]{0,100}?wasmExports\["(\w+)"\]/g);
  const names = Object.fromEntries([...found].map(([, name = '', exported = '']) => [name, exported]));
  if (text === undefined || names['process'] === undefined) throw new Error('signalsmith-stretch has changed');
  return { wasm: Uint8Array.from(atob(text), (character) => character.charCodeAt(0)), names };
}
