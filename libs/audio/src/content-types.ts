/** Content types by extension: of the formats of a stem and of every song that is accepted. */
export const CONTENT_TYPES: Readonly<Record<string, string>> = {
  aac: 'audio/aac',
  aiff: 'audio/aiff',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  mka: 'audio/x-matroska',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  w64: 'audio/x-w64',
  wav: 'audio/wav',
  wma: 'audio/x-ms-wma',
};
