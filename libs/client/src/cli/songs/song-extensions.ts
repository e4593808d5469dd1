/** Extensions of files that hold songs, without the dot: a folder has covers and texts too. The server looks at the content. */
export const SONG_EXTENSIONS: readonly string[] = [
  ...['3gp', 'aac', 'ac3', 'aif', 'aifc', 'aiff', 'asf', 'au', 'caf', 'dts', 'eac3', 'ec3', 'flac', 'm4a', 'm4b'],
  ...['mka', 'mkv', 'mov', 'mp3', 'mp4', 'oga', 'ogg', 'opus', 'tta', 'w64', 'wav', 'webm', 'wma', 'wv'],
];
