/** Extension by ffmpeg's first name of the container; `ogg` and `mov` hold what their names say, whatever the codec. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  aac: 'aac',
  aiff: 'aiff',
  asf: 'wma',
  flac: 'flac',
  matroska: 'mka',
  mov: 'm4a',
  mp3: 'mp3',
  ogg: 'ogg',
  w64: 'w64',
  wav: 'wav',
};

/** @throws TypeError for a container that is not on the list of those we open. */
export function extensionOf(container: string): string {
  const extension = EXTENSIONS[container];
  if (extension === undefined) throw new TypeError(`no extension for the container ${container}`);
  return extension;
}
