import { mayBeSong } from './accepted-files.js';

/**
 * Returns the dropped files, and the songs in the dropped folders at any depth, in the order of their names. Other files
 * in a folder, such as covers, are left out. @throws DOMException if the browser cannot read one of them
 */
export async function droppedFiles({ items, files }: DataTransfer): Promise<File[]> {
  // the browser forgets the items as soon as this function waits
  const entries = [...items].map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) return [...files];
  const found: File[] = [];
  for (const entry of entries) {
    if (entry === null) continue;
    if (isFile(entry)) found.push(await fileOf(entry));
    else found.push(...(await songsBelow(entry)));
  }
  return found;
}

async function songsBelow(folder: FileSystemEntry): Promise<File[]> {
  const songs: File[] = [];
  for (const entry of await entriesOf(folder as FileSystemDirectoryEntry)) {
    if (!isFile(entry)) {
      songs.push(...(await songsBelow(entry)));
      continue;
    }
    const file = await fileOf(entry);
    // macOS keeps `._song.mp3` beside a song
    if (!file.name.startsWith('.') && mayBeSong(file)) songs.push(file);
  }
  return songs;
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    // a browser gives at most 100 at a time
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    entries.push(...some);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}
