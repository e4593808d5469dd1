// cuts stretches out of a FLAC file that is read in ranges. Browsers load it too: it imports nothing.
export { BrokenFlacError, FlacFile, type FilePart, type ReadPart } from './flac-file.js';
export { NotFlacError } from './flac-format.js';
