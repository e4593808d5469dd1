// files of Node for the client: songs to upload, and downloads to keep
export { saveDownload } from './save-download.js';
export { songFile } from './song-file.js';
