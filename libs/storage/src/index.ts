// the object store, the only truth: one port, two drivers (a folder, S3).
// apps import StorageModule and inject ObjectStore; scripts and specs call createObjectStore.
export { createObjectStore } from './create-object-store.js';
export { InvalidKeyError, InvalidRangeError, ObjectNotFoundError, StorageUnavailableError } from './errors.js';
export { FolderObjectStore } from './folder/folder-object-store.js';
export { ObjectStore, type ByteRange, type CallOptions, type ObjectInfo } from './object-store.js';
export { S3ObjectStore } from './s3/s3-object-store.js';
export { StorageModule } from './storage.module.js';
export { hashFile, type FileDigest } from './hash-file.js';
