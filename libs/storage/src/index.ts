// the object store, the source of truth: one port and two drivers (a folder, S3).
// apps import StorageModule and inject ObjectStore; scripts and specs call createObjectStore.
export { createObjectStore } from './create-object-store.js';
export { FolderObjectStore } from './folder/folder-object-store.js';
export { ObjectStore, type ByteRange, type CallOptions, type ObjectInfo } from './object-store.js';
export {
  DocumentTooLargeError,
  ObjectNotFoundError,
  StorageFullError,
  StorageUnavailableError,
  UnreadableObjectError,
  WrongStoreError,
} from './storage.errors.js';
export { ofLength } from './of-length.js';
export { isOutOfDisk } from './out-of-disk.js';
export { StorageModule } from './storage.module.js';
export { hashFile, type FileDigest } from './hash-file.js';
