import { FORMATS, type Format } from '../vocabulary/formats.js';
import { earlierKeys, objectKeys } from '../vocabulary/object-keys.js';
import type { StemName } from '../vocabulary/stems.js';
import type { Manifest, ManifestFile } from './manifest.js';

/** A stem's file in a format other than its master's, if it was stored with the stems. */
export function findStemFile(manifest: Manifest, stem: StemName, format: Format): ManifestFile | undefined {
  const earlier = earlierKeys.stem(manifest.id, stem, format);
  return manifest.artefacts.find(
    (file) => (file.stem === stem && file.format === format) || (file.stem === undefined && file.key === earlier),
  );
}

export function findWaveform({ artefacts }: Manifest): ManifestFile | undefined {
  return artefacts.find(({ key }) => /\/waveform(?:-[0-9a-f]{16})?\.json$/.test(key));
}

/** The keys of all files that may be served: the listed ones, and what is made from them. */
export function servedKeys({ id, stems, artefacts, original, cover }: Manifest): Set<string> {
  const single = [original, cover].filter((file) => file !== undefined);
  const listed = [...stems, ...artefacts, ...single].map(({ key }) => key);
  const onDemand = stems.flatMap(({ name, sha256 }) =>
    FORMATS.map((format) => objectKeys.stem(id, name, format, sha256)),
  );
  const earlier = original === undefined ? [earlierKeys.original(id)] : [];
  return new Set([...listed, ...onDemand, ...earlier, objectKeys.analysis(id)]);
}
